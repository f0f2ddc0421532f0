"""What can be run of a model, and running it: in a process of its own, with a time limit.

A run either answers every case completely or raises: no answer is never an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from sigfix.errors import NotVerifiedError
from sigfix.verifying.arrays import Arrays
from sigfix.verifying.feeding import AsTheyAre, Feed
from sigfix.verifying.inputs.cases import Case, Given

DEFAULT_SECONDS = 600.0
"""How long one run of a model may take."""

SAVED_MODEL, GRAPH, ONNX, KERAS, TFJS = "SavedModel", "graph", "ONNX", "Keras", "TensorFlow.js"


@dataclass(frozen=True)
class Call:
    """One way to call a model; `details` are for the module that runs it.

    `title` says in messages through what it is called, '' where there is one way only.
    """

    details: Mapping[str, Any] = field(default_factory=dict)
    feed: Feed = field(default_factory=AsTheyAre)
    title: str = ""


@dataclass(frozen=True)
class Runnable:
    """A model that can be run, and the ways to call it; all get the same inputs.

    `kind` is a key of `RUNNERS`, `title` what it is called in reports, `path` the file or folder.
    """

    kind: str
    path: Path
    calls: tuple[Call, ...]
    title: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Setting:
    """Another way in which the same software computes the same: what differs is its own noise.

    `environment` is set in the process, `details` are for the module that runs the model.
    """

    title: str
    environment: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)


PLAIN = Setting("")


@dataclass(frozen=True)
class CaseRun:
    """One case: the inputs that were accepted, and what each call returned, each time.

    `outputs[call][repeat]` are by the callable's own names.
    """

    inputs: Arrays
    outputs: tuple[tuple[Mapping[Any, Any], ...], ...]


@dataclass(frozen=True)
class Run:
    """A complete run; `notes` are what the user should know of how it was done.

    `details` say by what: TensorFlow.js's `backend` and `mode`.
    """

    cases: tuple[CaseRun, ...]
    notes: tuple[str, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)


Finish = Callable[[Sequence[Case | Given] | None], Run]
"""Waits for the answers; takes the cases where they were not known at the start."""

Starter = Callable[..., AbstractContextManager[Finish]]

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


class CannotRunError(NotVerifiedError):
    """A model cannot be run, or takes none of the inputs: nothing is known about it."""


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
