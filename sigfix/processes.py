"""Work in a process of its own, beside this one.

A child runs MODULE as `python -m MODULE JOB` would: it reads the pickled job that its argument
names and writes `answer.pickle` beside it. `do_job` is the child's side of that. A child ends
with the block that started it, and with this process however that ends (see `child`).
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sigfix.errors import ProcessError, SigfixError
from sigfix.forking import Copy, is_copying, start_copy
from sigfix.stopping import held, how_it_ended
from sigfix.temporary import temporary_folder

Answer = dict[str, Any]

LIMIT_SECONDS = 1800.0
"""How long a child may take where nobody chose another time."""
POLL_SECONDS = 0.02
"""How often it is looked whether a process has come to a point."""

_LOG_BYTES = 1 << 16
# '' before the path would be the user's folder, whose files may be called like packages.
_START = "import sys; sys.path[:1] == [''] and sys.path.pop(0); import sigfix.child as c; c."


@dataclass(frozen=True)
class Child:
    """A process that was started, and the folder that it writes its answer to.

    `memory` is the number of bytes that it may have, None for any.
    """

    process: subprocess.Popen[bytes] | Copy
    place: Path
    memory: int | None = None

    def answer(self, seconds: float = LIMIT_SECONDS, end: float | None = None) -> Answer:
        """Wait for the process, for at most `seconds` from now, and return what it wrote.

        `end` is the moment (of `time.monotonic`) at which the `seconds` end, where several
        processes share them.

        Raises the `SigfixError` that the job raised, and `ProcessError` where there is no whole
        answer: the process was killed, ended early, took too long or ran out of memory.
        """
        try:
            self.process.wait(seconds if end is None else max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise ProcessError(f"stopped after {seconds:g} s: it did not finish") from None
        try:
            written = (self.place / "answer.pickle").read_bytes()
        except OSError:
            raise ProcessError(self._last_words()) from None
        try:
            found = pickle.loads(written)
        except Exception as error:  # whatever half a pickle, or one of another version, raises
            raise ProcessError(f"its answer cannot be read ({self._last_words()})") from error
        if not isinstance(found, dict) or not found:
            raise ProcessError(f"its answer is empty ({self._last_words()})")
        if isinstance(found.get("raised"), SigfixError):
            raise found["raised"]
        return found

    def reached(self, mark: Path) -> bool:
        """Wait until the process makes the file `mark`, or ends; whether the file is there."""
        end = time.monotonic() + LIMIT_SECONDS
        while not mark.exists() and self.process.poll() is None and time.monotonic() < end:
            time.sleep(POLL_SECONDS)
        return mark.exists()

    def _last_words(self) -> str:
        code = self.process.wait()
        with (self.place / "log").open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _LOG_BYTES))
            lines = log.read().decode("utf-8", "replace").strip().splitlines()
        said = lines[-1].strip() if lines else "no message"
        if self.memory is not None and (code < 0 or "MemoryError" in said):
            said += f"; its memory was limited to {self.memory / 2**20:.0f} MiB"
        return f"{how_it_ended(code)}: {said}"


@contextmanager
def started(
    module: str,
    job: dict[str, Any],
    memory: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Child]:
    """Start `module` on `job`; it runs beside the block, and not longer than that.

    `memory` is the most bytes of address space that it may have (None: any; Windows and macOS do
    not enforce it). `environment` replaces or adds variables. The thread that starts a child must
    live as long as it: on Linux a child ends with that thread.

    Raises `ProcessError` where it cannot be started.
    """
    with temporary_folder() as place:
        (place / "job.pickle").write_bytes(pickle.dumps(job))
        try:
            with (place / "log").open("wb") as log:
                process = _start(module, place / "job.pickle", log, memory, environment or {})
        except OSError as error:
            raise ProcessError(f"it could not be started: {error.strerror or error}") from error
        try:
            yield Child(process, place, memory)
        finally:
            with held():
                _end(process)


def _start(
    module: str, job: Path, log: IO[bytes], memory: int | None, environment: Mapping[str, str]
) -> subprocess.Popen[bytes] | Copy:
    if is_copying() and not memory and not environment:
        return start_copy(module, job, log)
    return subprocess.Popen(
        [
            sys.executable, "-c", f"{_START}main()",
            module, str(job), str(os.getpid()), str(memory or 0),
        ],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        env={**_environment(), **environment},
        **_apart(),
    )  # fmt: skip


def run_process(
    module: str,
    job: dict[str, Any],
    seconds: float = LIMIT_SECONDS,
    memory: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Answer:
    """Run `module` on `job` for at most `seconds`, and return what `Child.answer` does.

    `memory` and `environment` are those of `started`. Raises what that and `Child.answer` raise.
    """
    with started(module, job, memory, environment) as child:
        return child.answer(seconds)


def run_program(
    command: Sequence[str], seconds: float, folder: Path, environment: Mapping[str, str]
) -> tuple[int, str]:
    """Run another program in `folder` for at most `seconds`; its exit status and standard error.

    It ends with this process, as children do. Raises `ProcessError` where it cannot be started
    or takes too long.
    """
    try:
        with supervised(command, folder, environment, subprocess.PIPE) as process:
            said = process.communicate(timeout=seconds)[1]
    except subprocess.TimeoutExpired as error:
        raise ProcessError(f"took longer than {seconds:g} s") from error
    return process.returncode, said.decode("utf-8", "replace")


@contextmanager
def supervised(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    messages: int = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run another program in `folder` beside the block, and not longer than that.

    Its standard output is dropped; `messages` is where its standard error goes. Raises
    `ProcessError` where it cannot be started.
    """
    with ending_pipe() as pipe:
        try:
            process = subprocess.Popen(
                [sys.executable, "-c", f"{_START}supervise()", *command],
                cwd=folder,
                stdin=pipe,
                stdout=subprocess.DEVNULL,
                stderr=messages,
                env={**_environment(), **environment},
                **_apart(),
            )
        except OSError as error:
            raise ProcessError(f"cannot be started ({error.strerror or error})") from error
        try:
            yield process
        finally:
            with held():
                _end(process)


@contextmanager
def ending_pipe() -> Iterator[int]:
    """Yield the end to read of a pipe that ends with this process, for one that watches it."""
    read, write = os.pipe()
    try:
        yield read
    finally:
        os.close(read)
        os.close(write)


def do_job(work: Callable[[dict[str, Any]], Answer]) -> None:
    """Be the child: do the job that the first argument names, and write the answer beside it."""
    place = Path(sys.argv[1])
    gc.freeze()  # what was imported is there to stay
    gc.enable()
    try:
        answer = work(pickle.loads(place.read_bytes()))
    except SigfixError as error:
        answer = {"raised": error}
    unfinished = place.with_name("answer.unfinished")
    unfinished.write_bytes(pickle.dumps(answer))
    unfinished.replace(place.with_name("answer.pickle"))


def _apart() -> dict[str, Any]:
    """Keep Ctrl-C, which a terminal sends to all of a group, from the child."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def _end(process: subprocess.Popen[bytes] | Copy) -> None:
    """Kill the process with all that it started, and wait until it is gone."""
    if hasattr(os, "killpg"):
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()  # does nothing where it has ended; Windows has no groups
    process.wait()
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()


def _environment() -> dict[str, str]:
    """This process's own, with its import path: the child must find the same packages.

    Without PYTHONSAFEPATH (of Python 3.11) a file of the user's here, such as onnx.py, would be
    taken for one of them.
    """
    path = os.pathsep.join(place or _here() for place in sys.path)
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3"}
    return {**os.environ, **quiet, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}


def _here() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # it was deleted: nothing can be imported from there
        return os.devnull
