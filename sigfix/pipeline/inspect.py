"""`sigfix inspect`: read, describe, diagnose. No TensorFlow, nothing executed or written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sigfix.describing.candidates import unsigned_candidates
from sigfix.describing.operators import custom_operators
from sigfix.describing.producer import producers
from sigfix.describing.targets import find_target
from sigfix.diagnosis import diagnose, diagnose_other, select
from sigfix.errors import SigfixError
from sigfix.model import OtherModel
from sigfix.reading import read_any
from sigfix.reading.checksums import with_checksums
from sigfix.reading.weights import MOST, find_non_finite
from sigfix.report import Failure, Inspection


def inspect(
    path: Path | str,
    *,
    target: str = "",
    checksums: bool = False,
    selected: tuple[str, ...] = (),
    ignored: tuple[str, ...] = (),
) -> Inspection:
    """Read the model at `path` and say what it is and what is wrong with it, and with a target.

    `checksums` also compares every stored tensor with the checksum in the variable index, and
    looks for NaN and infinity in all weights, however many they are.
    Raises `UnreadableModelError` where there is no model.
    """
    path = Path(path)
    wanted = find_target(target) if target else None
    model = read_any(path)
    model = replace(model, non_finite=find_non_finite(model, None if checksums else MOST))
    if isinstance(model, OtherModel):
        found = select(diagnose_other(model, wanted), selected, ignored)
        return Inspection(path, None, findings=tuple(found), other=model)
    if checksums and model.variables is not None and model.path.is_dir():
        verified = with_checksums(model.path / "variables", model.variables)
        model = replace(model, variables=verified)
    candidates, custom = [], []
    for meta in model.meta_graphs:
        candidates.append(unsigned_candidates(meta) if meta.objects is None else ((), ()))
        custom.append(custom_operators(meta.graph))
    return Inspection(
        path=path,
        model=model,
        producers=tuple(producers(model)),
        findings=tuple(select(diagnose(model, wanted), selected, ignored)),
        candidates=tuple(candidates),
        custom_operators=tuple(custom),
    )


def failed_inspection(path: Path, error: SigfixError) -> Inspection:
    """An unreadable path as an inspection, for several paths in one call."""
    code = getattr(error, "code", "")
    return Inspection(path, None, failure=Failure(error.message, error.hint or "", code))
