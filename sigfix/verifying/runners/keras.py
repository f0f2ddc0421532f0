"""Run a `.keras` or `.h5` file with Keras: what its author's own software predicts."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from sigfix.verifying.runnable import KERAS, Call, Runnable
from sigfix.verifying.runners import tensorflow_settings
from sigfix.verifying.runners.tensorflow_settings import ONEDNN

CHILD = "sigfix.verifying.runners.keras_child"
SETTINGS = ONEDNN
"""Keras computes in the types that its layers say: float64 is none of its settings."""
started = partial(tensorflow_settings.started, CHILD)
"""See `running.started`."""


def keras_file(path: Path, keras2: bool, trust: bool) -> Runnable:
    """A Keras file; `keras2` says by which Keras it is loaded, `trust` whether its code may run."""
    return Runnable(KERAS, path.resolve(), (Call(),), "Keras", {"keras2": keras2, "trust": trust})
