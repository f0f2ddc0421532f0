"""Run a frozen graph that sigfix wrote to a file, with TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from sigfix.verifying.inputs.cases import Case, Given
from sigfix.verifying.runnable import Finish, Runnable, Setting
from sigfix.verifying.runners import tensorflow_settings
from sigfix.verifying.runners.tensorflow_settings import SETTINGS as SETTINGS

CHILD = "sigfix.verifying.runners.graph_child"


def started(
    runnable: Runnable,
    cases: Sequence[Case | Given] | None,
    repeat: int,
    setting: Setting,
    seconds: float,
) -> AbstractContextManager[Finish]:
    """See `runnable.started`."""
    return tensorflow_settings.started(CHILD, runnable, cases, repeat, setting, seconds)
