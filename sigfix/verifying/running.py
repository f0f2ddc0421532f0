"""Run a model: in a process of its own, with a time limit.

A run either answers every case completely or raises: no answer is never an answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

from sigfix.verifying.inputs.cases import Case, Given
from sigfix.verifying.runnable import (
    DEFAULT_SECONDS,
    GRAPH,
    KERAS,
    ONNX,
    PLAIN,
    SAVED_MODEL,
    TFJS,
    CannotRunError,
    Finish,
    Run,
    Runnable,
    Setting,
)

RUNNERS: dict[str, str] = {
    SAVED_MODEL: "sigfix.verifying.runners.saved_model",
    GRAPH: "sigfix.verifying.runners.graph",
    ONNX: "sigfix.verifying.runners.onnx",
    KERAS: "sigfix.verifying.runners.keras",
    TFJS: "sigfix.verifying.runners.tfjs_model",
}
"""Kind -> the module whose `started(runnable, cases, repeat, setting, seconds)` runs it.

Each has `SETTINGS`, too: the ways in which the software's own noise shows.
"""


@contextmanager
def started(
    runnable: Runnable,
    cases: Sequence[Case | Given] | None,
    repeat: int = 1,
    seconds: float = DEFAULT_SECONDS,
    setting: Setting = PLAIN,
) -> Iterator[Finish]:
    """Start a model; what the block gets waits for its answers.

    Without `cases` the model is loaded meanwhile, and they are given to what waits. The waiting
    raises `CannotRunError` where the model cannot be run, and for an answer that is not whole.
    """
    module = import_module(RUNNERS[runnable.kind])
    with module.started(runnable, cases, repeat, setting, seconds) as finish:

        def checked(later: Sequence[Case | Given] | None = None) -> Run:
            asked = cases if later is None else later
            assert asked is not None
            run: Run = finish(later)
            require_whole(run, runnable, len(asked), repeat)
            return run

        yield checked


def run(
    runnable: Runnable,
    cases: Sequence[Case | Given],
    repeat: int = 1,
    seconds: float = DEFAULT_SECONDS,
    setting: Setting = PLAIN,
) -> Run:
    """Run a model and wait for it; raises as the waiting of `started` does."""
    with started(runnable, cases, repeat, seconds, setting) as finish:
        return finish(None)


def settings(runnable: Runnable) -> tuple[Setting, ...]:
    """The other ways in which this kind of model can be computed here."""
    found: tuple[Setting, ...] = import_module(RUNNERS[runnable.kind]).SETTINGS
    return found


def require_whole(found: Run, runnable: Runnable, cases: int, repeat: int) -> None:
    """Raise `CannotRunError` unless every case was answered by every call, each time."""
    whole = len(found.cases) == cases and all(
        len(case.outputs) == len(runnable.calls)
        and all(len(repeats) == repeat for repeats in case.outputs)
        for case in found.cases
    )
    if not cases or not whole:
        answered = sum(len(repeats) for case in found.cases for repeats in case.outputs)
        raise CannotRunError(
            f"{runnable.title} ({runnable.path}) answered {answered} of "
            f"{cases * len(runnable.calls) * repeat} calls: nothing can be said of it."
        )
