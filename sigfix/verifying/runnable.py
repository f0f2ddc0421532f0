"""What can be run of a model, and what a run of it gives. `running` runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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

    `kind` is a key of `running.RUNNERS`, `title` what it is called in reports, `path` the file or
    folder.
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

    `details` say by what: TensorFlow.js's `backend` and `mode`, which kernels TensorFlow took
    (`runners.tensorflow_settings.in_effect`). `left_out` has the titles of calls that
    cannot be made of this model: they have the answers of the first, which are not compared.
    """

    cases: tuple[CaseRun, ...]
    notes: tuple[str, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


Finish = Callable[[Sequence[Case | Given] | None], Run]
"""Waits for the answers; takes the cases where they were not known at the start."""


def more_time(seconds: float) -> str:
    """What to try where a model did not finish in `seconds`."""
    return f"--timeout {4 * seconds:g} (of convert, verify and repair MODEL) gives it more time"


class CannotRunError(NotVerifiedError):
    """A model cannot be run, or takes none of the inputs: nothing is known about it."""


class RefusedError(CannotRunError):
    """A model takes none of the inputs of a case; `accepted` are those of others that it took."""

    def __init__(self, message: str, accepted: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(message)
        self.accepted = accepted
