"""A child process as a copy of this one, which has TensorFlow imported and nothing loaded by it.

Importing TensorFlow takes two seconds of a processor and 500 MB. A copy that Linux makes costs
neither: what nobody writes to is there once. Only in sigfix's own processes, which know what they
have done: TensorFlow must be as it is after its import, and no thread may hold a lock.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from sigfix import child
from sigfix.lean import importing, is_lean
from sigfix.stopping import SIGNALS

_PAUSE_SECONDS = 0.01
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
