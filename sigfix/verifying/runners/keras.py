"""Run a `.keras` or `.h5` file with Keras: what its author's own software predicts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from sigfix.verifying.inputs.cases import Case, Given
from sigfix.verifying.runnable import KERAS, Call, Finish, Runnable, Setting
from sigfix.verifying.runners import tensorflow_settings
from sigfix.verifying.runners.tensorflow_settings import ONEDNN as SETTINGS

CHILD = "sigfix.verifying.runners.keras_child"

__all__ = ["SETTINGS", "keras_file", "started"]


def started(
    runnable: Runnable,
    cases: Sequence[Case | Given] | None,
    repeat: int,
    setting: Setting,
    seconds: float,
) -> AbstractContextManager[Finish]:
    """See `runnable.started`."""
    return tensorflow_settings.started(CHILD, runnable, cases, repeat, setting, seconds)


def keras_file(path: Path, keras2: bool, trust: bool) -> Runnable:
    """A Keras file; `keras2` says by which Keras it is loaded, `trust` whether its code may run."""
    return Runnable(KERAS, path.resolve(), (Call(),), "Keras", {"keras2": keras2, "trust": trust})
