"""Start a process that runs one model's callables, with a time limit."""

from __future__ import annotations

import importlib.util
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sigfix.errors import MissingExtraError

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


def run_process(module: str, job: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Run `python -m module JOB` and return what it wrote; `error` says why it wrote nothing.

    The module reads the pickled job that its argument names and writes `answer.pickle` beside it.
    """
    with tempfile.TemporaryDirectory(prefix="sigfix-") as folder:
        place = Path(folder)
        (place / "job.pickle").write_bytes(pickle.dumps(job))
        with (place / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module, str(place / "job.pickle")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": _python_path()},
            )
            try:
                process.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                return {"error": f"stopped after {seconds:g} s: it did not finish"}
            finally:
                with suppress(OSError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        answer = place / "answer.pickle"
        if not answer.is_file():
            return {"error": _last_words(place / "log", process.returncode)}
        found: dict[str, Any] = pickle.loads(answer.read_bytes())
        return found


def _python_path() -> str:
    """The parent's own import path: the child must find the same packages."""
    return os.pathsep.join(path for path in sys.path if path)


def _last_words(log: Path, code: int) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return f"the process ended with {code}: " + (lines[-1] if lines else "no message")
