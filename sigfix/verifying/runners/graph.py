"""Run a frozen graph that sigfix wrote to a file, with TensorFlow."""

from __future__ import annotations

from functools import partial

from sigfix.verifying.runners import tensorflow_settings
from sigfix.verifying.runners.tensorflow_settings import SETTINGS as SETTINGS

CHILD = "sigfix.verifying.runners.graph_child"
started = partial(tensorflow_settings.started, CHILD)
"""See `running.started`."""
