"""`sigfix inspect`: read, describe, diagnose. No TensorFlow, nothing executed or written."""

from __future__ import annotations

from pathlib import Path

from sigfix.describing.candidates import input_candidates, output_candidates
from sigfix.describing.operators import custom_operators
from sigfix.describing.producer import producers
from sigfix.diagnosis import diagnose, select
from sigfix.errors import SigfixError
from sigfix.reading import read
from sigfix.report import Failure, Inspection


def inspect(
    path: Path | str, *, selected: tuple[str, ...] = (), ignored: tuple[str, ...] = ()
) -> Inspection:
    """Read the model at `path` and say what it is and what is wrong with it.

    Raises `UnreadableModelError` where there is no model.
    """
    path = Path(path)
    model = read(path)
    candidates, custom = [], []
    for meta in model.meta_graphs:
        unsigned = meta.objects is None and not meta.user_signatures
        candidates.append(
            (tuple(input_candidates(meta)), tuple(output_candidates(meta)))
            if unsigned
            else ((), ())
        )
        custom.append(custom_operators(meta.graph))
    return Inspection(
        path=path,
        model=model,
        producers=tuple(producers(model)),
        findings=tuple(select(diagnose(model), selected, ignored)),
        candidates=tuple(candidates),
        custom_operators=tuple(custom),
    )


def inspect_or_fail(
    path: Path, *, selected: tuple[str, ...] = (), ignored: tuple[str, ...] = ()
) -> Inspection:
    """Like `inspect`, with an unreadable path as a `Failure`: for several paths in one call."""
    try:
        return inspect(path, selected=selected, ignored=ignored)
    except SigfixError as error:
        code = getattr(error, "code", "")
        return Inspection(path, None, failure=Failure(error.message, error.hint or "", code))
