"""Start a process that runs one model's callables, with a time limit."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sigfix.errors import MissingExtraError
from sigfix.processes import run_process

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
    answers: list[Answer] = [Answer()] * len(jobs)

    def work(index: int) -> None:
        model, tags, calls = jobs[index]
        answers[index] = _run_one(model, tags, calls, seconds)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _run_one(model: Path, tags: Sequence[str], calls: Sequence[Call], seconds: float) -> Answer:
    job = {
        "model": str(model.resolve()),
        "tags": list(tags),
        "calls": [
            {"kind": call.kind, "cases": call.cases, "repeat": call.repeat, **call.details}
            for call in calls
        ],
    }
    found = run_process(CHILD, job, seconds)
    return Answer(found.get("runs", []), found.get("error", ""))
