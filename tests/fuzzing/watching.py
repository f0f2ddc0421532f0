"""What a reader must not do: open for writing, follow a link out, start or reach something."""

from __future__ import annotations

import os
import signal
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

CPU_SECONDS = 5.0
"""Of work, for each step; `WALL_SECONDS` end one that waits for ever."""
WALL_SECONDS = 300.0
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {
    "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod",
    "os.truncate", "shutil.rmtree", "shutil.copyfile",
}  # fmt: skip
_STARTS = {
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "socket.connect",
    "socket.bind", "socket.getaddrinfo", "pty.spawn", "webbrowser.open",
}  # fmt: skip


class Forbidden(BaseException):
    """Something was done that reading must not do; nothing under test may catch it."""


class Expired(BaseException):
    """A step took too long."""


_PROGRAMS = (
    sys.prefix, sys.base_prefix, str(Path(__file__).resolve().parents[2]), "/usr", "/lib",
    "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/sys", "/dev/null", "/dev/urandom",
)  # fmt: skip
"""What Python and its packages read whatever the model is."""


class Watch:
    """Forbids writing outside `writable`, reading outside `model` and it, and starting anything."""

    def __init__(self, model: Path, writable: tuple[Path, ...]) -> None:
        self.active = False
        self.may_start = False
        self.model = model.resolve()
        self.writable = tuple(folder.resolve() for folder in writable)
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.active:
            return
        if event == "open":
            self._opened(*arguments)
        elif event in _CHANGES and not self._is_writable(_place(arguments)):
            raise Forbidden(f"{event}{arguments}")
        elif event in _STARTS and not self.may_start:
            raise Forbidden(f"{event}{arguments[:2]}")

    def _opened(self, path: Any, mode: str | None, flags: int) -> None:
        if isinstance(path, int):
            return
        real = os.path.realpath(os.fsdecode(path))
        if not self._is_readable(Path(real)):
            raise Forbidden(f"opened {real}, which is outside the model")
        if real not in ("/dev/null", "/dev/urandom") and _is_special(real):
            raise Forbidden(f"opened {real}, which is no file")
        writes = bool(set(mode or "") & set("wax+")) or bool((flags or 0) & _WRITING)
        if writes and not self._is_writable(path) and real != "/dev/null":
            raise Forbidden(f"opened for writing: {real}")

    def _is_readable(self, real: Path) -> bool:
        places = (self.model, *self.writable, *_PROGRAMS, f"/proc/{os.getpid()}")
        return any(real.is_relative_to(place) for place in places)

    def _is_writable(self, path: Any) -> bool:
        if isinstance(path, int):
            return True
        place = Path(os.fsdecode(path))
        real = Path(os.path.realpath(place.parent), place.name)  # a link itself, not its target
        return any(real.is_relative_to(folder) for folder in self.writable)


def _is_special(path: str) -> bool:
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _place(arguments: tuple[Any, ...]) -> Any:
    """The path of a change, which may be relative to a directory that is open."""
    path, last = arguments[0], arguments[-1]
    if isinstance(path, (str, bytes)) and isinstance(last, int) and last >= 0:
        return Path(f"/proc/self/fd/{last}", os.fsdecode(path))
    return path


def _expire(number: int, frame: FrameType | None) -> None:
    what = "of work" if number == signal.SIGPROF else "of waiting"
    raise Expired(f"more than {CPU_SECONDS if number == signal.SIGPROF else WALL_SECONDS} s {what}")


@contextmanager
def limited() -> Iterator[None]:
    """Raise `Expired` where the block takes too long."""
    signal.signal(signal.SIGPROF, _expire)
    signal.signal(signal.SIGALRM, _expire)
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
    signal.setitimer(signal.ITIMER_REAL, WALL_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
