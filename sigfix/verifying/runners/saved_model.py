"""Run callables of a SavedModel with TensorFlow, loaded from disk.

Loading a SavedModel restores its variables and runs its initialisers: it executes the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from sigfix.packages import require_extras
from sigfix.verifying.inputs.cases import Case, Given
from sigfix.verifying.runnable import SAVED_MODEL, Call, Finish, Runnable, Setting
from sigfix.verifying.runners import tensorflow_settings
from sigfix.verifying.runners.loaders import LOADER, V1_LOADER
from sigfix.verifying.runners.tensorflow_settings import SETTINGS as SETTINGS

CHILD = "sigfix.verifying.runners.saved_model_child"


def started(
    runnable: Runnable,
    cases: Sequence[Case | Given] | None,
    repeat: int,
    setting: Setting,
    seconds: float,
) -> AbstractContextManager[Finish]:
    """See `running.started`. Raises `MissingExtraError` without TensorFlow."""
    require_extras("Running a SavedModel", "tf")
    return tensorflow_settings.started(CHILD, runnable, cases, repeat, setting, seconds)


def saved_model(path: Path, tags: Sequence[str] | None, calls: Sequence[Call]) -> Runnable:
    """Callables of the MetaGraph with exactly `tags`."""
    details: Mapping[str, Any] = {"tags": None if tags is None else list(tags)}
    return Runnable(SAVED_MODEL, path.resolve(), tuple(calls), "SavedModel", details)


def signature(path: Path, tags: Sequence[str] | None, key: str) -> Runnable:
    """A signature through `tf.saved_model.load`, or where that refuses it, the v1 loader."""
    return saved_model(path, tags, [Call({"kind": "either", "key": key})])


def keeping(path: Path, tags: Sequence[str] | None, key: str, held: Mapping[str, str]) -> Runnable:
    """A signature that keeps a state: what its variables hold behind a call is answered, too.

    `held` are the nodes of its function that stand for the variables, by what to call them.
    """
    return saved_model(path, tags, [Call({"kind": "signature", "key": key, "held": dict(held)})])


LOADERS = {LOADER: "signature", V1_LOADER: "session"}
"""The loaders, and how a signature is called through each."""


def signature_by_loaders(
    path: Path, tags: Sequence[str] | None, key: str, loaders: Sequence[str] = tuple(LOADERS)
) -> Runnable:
    """A signature through `tf.saved_model.load`, and through the loader that servers use."""
    calls = [Call({"kind": LOADERS[title], "key": key}, title=title) for title in loaders]
    return saved_model(path, tags, calls)
