"""Run an ONNX file with ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np

from sigfix.packages import require_packages
from sigfix.planning.names import signature_keys
from sigfix.verifying.arrays import Arrays
from sigfix.verifying.feeding import Feed, Renamed
from sigfix.verifying.inputs.cases import Case, Given
from sigfix.verifying.runnable import ONNX, Call, CaseRun, Finish, Runnable, Setting
from sigfix.verifying.runners.answering import in_child

CHILD = "sigfix.verifying.runners.onnx_child"
SETTINGS = (
    Setting("ONNX Runtime without its optimisations", details={"optimised": False}),
    Setting("ONNX Runtime with its basic optimisations", details={"optimised": "basic"}),
)
TITLE = "ONNX Runtime"


def started(
    runnable: Runnable,
    cases: Sequence[Case | Given] | None,
    repeat: int,
    setting: Setting,
    seconds: float,
) -> AbstractContextManager[Finish]:
    """See `running.started`. Raises `MissingExtraError` without ONNX Runtime."""
    require_packages("Running an ONNX file", "onnx", "onnxruntime")
    return in_child(CHILD, runnable, cases, repeat, setting, seconds)


def onnx_file(
    path: Path,
    names: Mapping[str, str] | None = None,
    orders: Mapping[str, tuple[int, ...]] | None = None,
) -> Runnable:
    """An ONNX file; `names` (its inputs -> the names that are compared) and `orders` as `Renamed`.

    Without `names` it is fed by its own.
    """
    call = Call() if names is None else Call(feed=_feed(names, orders or {}))
    return Runnable(ONNX, path.resolve(), (call,), TITLE)


def _feed(names: Mapping[str, str], orders: Mapping[str, tuple[int, ...]]) -> Feed:
    return Renamed(dict(names), dict(orders))


def by_signature_keys(found: CaseRun, repeat: int) -> Arrays:
    """What a run of an ONNX file computed, by the keys that its outputs have in a signature."""
    outputs = found.outputs[0][repeat]
    return {key: np.asarray(outputs[own]) for own, key in signature_keys(outputs).items()}
