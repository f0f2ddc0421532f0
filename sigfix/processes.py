"""Work in a process of its own, beside this one.

A child is `python -m MODULE JOB`: it reads the pickled job that its argument names and writes
`answer.pickle` beside it. `do_job` is the child's side of that.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sigfix.errors import SigfixError

Answer = dict[str, Any]


@dataclass(frozen=True)
class Child:
    """A process that was started, and the folder that it writes its answer to."""

    process: subprocess.Popen[bytes]
    place: Path

    def answer(self, seconds: float | None = None) -> Answer:
        """Wait for the process and return what it wrote; `error` says why it wrote nothing.

        Raises the `SigfixError` that the job raised.
        """
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return {"error": f"stopped after {seconds:g} s: it did not finish"}
        file = self.place / "answer.pickle"
        if not file.is_file():
            return {"error": _last_words(self.place / "log", self.process.returncode)}
        found: Answer = pickle.loads(file.read_bytes())
        if "raised" in found:
            raise found["raised"]
        return found


@contextmanager
def started(module: str, job: dict[str, Any]) -> Iterator[Child]:
    """Start `module` on `job`; it runs beside the block, and not longer than that."""
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
                env=_environment(),
            )
        try:
            yield Child(process, place)
        finally:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def run_process(module: str, job: dict[str, Any], seconds: float) -> Answer:
    """Run `module` on `job` for at most `seconds`, and return what `Child.answer` does."""
    with started(module, job) as child:
        return child.answer(seconds)


def do_job(work: Callable[[dict[str, Any]], Answer]) -> None:
    """Be the child: do the job that the first argument names, and write the answer beside it."""
    place = Path(sys.argv[1])
    try:
        answer = work(pickle.loads(place.read_bytes()))
    except SigfixError as error:
        answer = {"raised": error}
    place.with_name("answer.pickle").write_bytes(pickle.dumps(answer))


def _environment() -> dict[str, str]:
    """This process's own, with its import path: the child must find the same packages.

    Without PYTHONSAFEPATH (of Python 3.11) a file of the user's here, such as onnx.py, would be
    taken for one of them.
    """
    path = os.pathsep.join(place or str(Path.cwd()) for place in sys.path)
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3"}
    return {**os.environ, **quiet, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}


def _last_words(log: Path, code: int) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()
    return f"the process ended with {code}: " + (lines[-1] if lines else "no message")
