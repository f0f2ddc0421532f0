"""Start a process that runs one model's callables, with a time limit."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sigfix.errors import MissingExtraError, ProcessError
from sigfix.processes import Child, started

CHILD = "sigfix.verifying.signature_child"


@dataclass(frozen=True)
class Call:
    """What to run: `function` (path, trace number), `signature` (key) or `session` (tensors).

    `cases` holds for each batch size the input sets to try; `repeat` runs the accepted one so
    often, to notice a model that answers differently each time.
    """

    kind: str
    cases: list[list[dict[str, Any]]]
    repeat: int = 1
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What a process found: one list of case results a call, or `error`."""

    runs: list[list[dict[str, Any]]] = field(default_factory=list)
    error: str = ""


def require_tensorflow(purpose: str) -> None:
    """Raise `MissingExtraError` where TensorFlow is not installed."""
    if importlib.util.find_spec("tensorflow") is None:
        raise MissingExtraError(purpose, "tf")


def run_models(
    jobs: Sequence[tuple[Path, Sequence[str], Sequence[Call]]], seconds: float
) -> list[Answer]:
    """Run every job (model, tags, calls) in a process of its own, all at once; answers in order.

    A process that takes longer than `seconds` is stopped, and its answer says so.
    """
    with ExitStack() as running:
        children = [running.enter_context(started(CHILD, _job(*job))) for job in jobs]
        end = time.monotonic() + seconds
        return [
            _answer(child, len(calls), end, seconds)
            for child, (_, _, calls) in zip(children, jobs, strict=True)
        ]


def _job(model: Path, tags: Sequence[str], calls: Sequence[Call]) -> dict[str, Any]:
    return {
        "model": str(model.resolve()),
        "tags": list(tags),
        "calls": [
            {"kind": call.kind, "cases": call.cases, "repeat": call.repeat, **call.details}
            for call in calls
        ],
    }


def _answer(child: Child, calls: int, end: float, seconds: float) -> Answer:
    try:
        found = child.answer(seconds, end)
    except ProcessError as error:
        return Answer(error=error.reason)
    if "error" in found:
        return Answer(error=found["error"])
    runs = found.get("runs")
    if not isinstance(runs, list) or len(runs) != calls:
        return Answer(error="its process did not answer every call")
    return Answer(runs)
