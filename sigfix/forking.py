"""A child process as a copy of this one, which has TensorFlow imported and nothing loaded by it.

Importing TensorFlow takes two seconds of a processor and 500 MB. A copy that Linux makes costs
neither: what nobody writes to is there once. Only in sigfix's own processes, which know what they
have done: TensorFlow must be as it is after its import, and no thread may hold a lock.
"""

from __future__ import annotations

import faulthandler
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import IO, TypeVar

from sigfix import child
from sigfix.errors import FaultError, ProcessError, SigfixError
from sigfix.lean import importing, is_lean
from sigfix.stopping import SIGNALS, Stopped, held, how_it_ended

T = TypeVar("T")

_PAUSE_SECONDS = 0.01
_UNWINDING_SECONDS = 5.0
"""How long a copy may take to remove what it made, once it is told to end."""
_DESCRIPTORS = 1 << 16
_copying = False


@contextmanager
def copies() -> Iterator[None]:
    """Let children be copies that the block starts, where that can be; it imports TensorFlow."""
    global _copying
    _copying = _is_untouched()
    if _copying:
        with importing():
            import tensorflow  # noqa: F401
    try:
        yield
    finally:
        _copying = False


def is_copying() -> bool:
    """Whether children are copies just now: in the block of `copies`, without another thread."""
    return _copying and threading.active_count() == 1


def _is_untouched() -> bool:
    return sys.platform.startswith("linux") and is_lean() and "tensorflow" not in sys.modules


def apart(work: Callable[[], T]) -> T:
    """What `work` returns, done in a copy of this process, which ends and so gives all back.

    TensorFlow, which `work` imports, is never here then: it holds half a gigabyte to the end of a
    process. In the block of `copies` it is here, and what `work` does with it is not. Where no copy
    can be made, or TensorFlow was used here, `work` is done here. What it returns is pickled.
    Raises what it raises: sigfix's own errors, those of the operating system, and `FaultError` for
    others; and `ProcessError` where the copy was killed or its memory ran out.
    """
    if not (_is_untouched() or _copying) or threading.active_count() != 1:
        return work()
    fork = multiprocessing.get_context("fork")
    receiving, sending = fork.Pipe(duplex=False)
    process = fork.Process(target=_send, args=(sending, work, os.getpid()))
    try:
        with _without_signals():
            process.start()
        sending.close()
        found, error, trace = receiving.recv()
        process.join()
    except EOFError:
        process.join()
        raise ProcessError(how_it_ended(process.exitcode or 0)) from None
    finally:
        with held():
            _end(process)
    if error is not None:
        raise error from RuntimeError(trace)
    result: T = found
    return result


def _send(sending: Connection, work: Callable[[], T], parent: int) -> None:
    """Be the copy that does the work: it ends with its parent, which alone hears Ctrl-C."""
    global _copying
    _copying = False  # the work may use TensorFlow
    os.setsid()
    child.be_killed_with(parent)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    gc.freeze()  # what is never looked through stays there once
    try:
        answer: tuple[T | None, Exception | None, str] = (work(), None, "")
    except Stopped:
        return
    except (SigfixError, OSError) as error:
        answer = (None, error, traceback.format_exc())
    except MemoryError:
        answer = (None, ProcessError("its memory ran out"), traceback.format_exc())
    except Exception as error:
        answer = (None, FaultError(error), traceback.format_exc())
    sending.send(answer)


@contextmanager
def _without_signals() -> Iterator[None]:
    """Let them wait: between a fork and the note of it there would be nothing to end."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(process: ForkProcess) -> None:
    """End the copy as a signal ends this process, and wait until it is gone."""
    if process.is_alive():
        process.terminate()
        process.join(_UNWINDING_SECONDS)
        process.kill()
        process.join()


class Copy:
    """A copy of this process, to be waited for as `subprocess.Popen` is."""

    def __init__(self, pid: int, stdin: IO[bytes]) -> None:
        self.pid = pid
        self.stdin = stdin
        self.returncode: int | None = None
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        """The exit status, or minus the signal that ended it; None while it runs."""
        with self._lock:
            if self.returncode is None:
                found, status = os.waitpid(self.pid, os.WNOHANG)
                if found:
                    self.returncode = os.waitstatus_to_exitcode(status)
            return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises `subprocess.TimeoutExpired`."""
        end = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if end is not None and time.monotonic() >= end:
                raise subprocess.TimeoutExpired("a copy of sigfix", timeout or 0.0)
            time.sleep(_PAUSE_SECONDS)
        return code

    def kill(self) -> None:
        """End it; does nothing where it has ended."""
        if self.poll() is None:
            with suppress(OSError):
                os.kill(self.pid, signal.SIGKILL)


def start_copy(module: str, job: Path, log: IO[bytes]) -> Copy:
    """Start `module` on the file `job` in a copy of this process, as `child.main` does.

    Raises `OSError` where the system makes none.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # the copy must not write it again
            stream.flush()
    parent = os.getpid()
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        _be_child(read, log.fileno(), lambda: child.run(module, str(job), parent))
    os.close(read)
    return Copy(pid, os.fdopen(write, "wb"))


def _be_child(read: int, log: int, work: Callable[[], None]) -> None:
    """Be the copy to its end: with files, signals and a group of its own, as a new process has."""
    code = 1
    try:
        os.setsid()
        faulthandler.disable()
        for stop in SIGNALS:
            if signal.getsignal(stop) != signal.SIG_IGN:
                signal.signal(stop, signal.SIG_DFL)
        for number, source in enumerate((read, log, log)):
            os.dup2(source, number)
        os.closerange(3, _DESCRIPTORS)  # locks of folders among them
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stdout = sys.stderr = open(  # noqa: SIM115
            1,
            "w",
            encoding="utf-8",
            errors="replace",
            buffering=1,
            closefd=False,
        )
        work()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(BaseException):
            sys.stdout.flush()
        os._exit(code)
