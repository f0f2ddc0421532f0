"""Take from this process what loading an untrusted file does not need: writing, connecting.

Four ways, each where the system has it (docs/trust.md says what each of them stops):

- Landlock (Linux 5.13): no file is made, written, removed or executed but below the folders given;
  with Linux 6.7 no TCP either. It holds for native code too.
- a network namespace of its own (Linux, where namespaces may be made): no network at all.
- limits: no core dump, and no file larger than was allowed.
- an audit hook of Python's: connecting, starting programs, and writing elsewhere raise
  `PermissionError`. It holds for Python code alone, on every system.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from typing import Any

_RULESET, _ADD_RULE, _RESTRICT = 444, 445, 446  # the same number on every processor
_PATH_BENEATH, _NO_NEW_PRIVILEGES, _VERSION = 1, 38, 1
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_EXECUTE, _WRITE_FILE, _TRUNCATE = 1 << 0, 1 << 1, 1 << 14
_CHANGES = _WRITE_FILE | sum(1 << bit for bit in range(4, 13))
"""Writing, removing, and making files, folders, sockets, devices and links."""
_REFER = 1 << 13
"""Moving a file to another folder; always forbidden where it is not allowed."""

_NETWORK = frozenset({
    "socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo",
    "socket.gethostbyname", "socket.gethostbyaddr", "urllib.Request", "http.client.connect",
})  # fmt: skip
_PROGRAMS = frozenset({
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork",
    "os.forkpty", "pty.spawn", "os.startfile", "os.kill", "os.killpg",
})  # fmt: skip
_CHANGING = frozenset({
    "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate",
    "os.chmod", "os.chown", "os.utime", "os.setxattr", "os.removexattr",
})  # fmt: skip
_FOLDERS = {
    "os.remove": (1,), "os.rmdir": (1,), "os.mkdir": (2,), "os.chmod": (2,), "os.chown": (3,),
    "os.utime": (3,), "os.rename": (2, 3), "os.link": (2, 3),
}  # fmt: skip
"""Where an event has the descriptor of the folder that each of its paths is in."""
_WRITING_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def confine(folders: Sequence[Path], largest_file: int) -> tuple[str, ...]:
    """Confine this process to writing below `folders`, files of at most `largest_file` bytes.

    To be called before threads are started. Returns the names of the ways that this system had;
    one that it has not is passed over, and the audit hook is always there.
    """
    places = [folder.resolve() for folder in folders]
    ways: tuple[tuple[str, Callable[[], None]], ...] = (
        ("limits", lambda: _limits(largest_file)),
        ("network namespace", _own_network),
        ("landlock", lambda: _landlock(places)),
        ("audit hook", lambda: _audit(places)),
    )
    got: list[str] = []
    for name, way in ways:
        with suppress(OSError, AttributeError, ImportError, ValueError):
            way()
            got.append(name)
    return tuple(got)


def _limits(largest_file: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    unlimited = most == resource.RLIM_INFINITY
    limit = largest_file if unlimited else min(largest_file, most)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def _libc() -> Any:
    if sys.platform != "linux":
        raise OSError("not Linux")
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def _own_network() -> None:
    """A network namespace without any interface; in a user namespace where root is needed."""
    libc = _libc()
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_NEW_NETWORK) == 0:
        return
    _checked(libc.unshare(_NEW_USER | _NEW_NETWORK))
    own = Path("/proc/self")
    (own / "setgroups").write_text("deny", "ascii")
    (own / "uid_map").write_text(f"{user} {user} 1", "ascii")
    (own / "gid_map").write_text(f"{group} {group} 1", "ascii")


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64)
    )  # fmt: skip


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def _landlock(places: Sequence[Path]) -> None:
    libc = _libc()
    version = _checked(libc.syscall(_RULESET, None, 0, _VERSION))
    changes = _CHANGES | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    rules = _Ruleset(
        changes | _EXECUTE,
        0b11 if version >= 4 else 0,  # binding and connecting TCP
        0b11 if version >= 6 else 0,  # abstract sockets, and signals to others
    )
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _checked(libc.syscall(_RULESET, ctypes.byref(rules), size, 0))
    try:
        for place in places:
            _allow(libc, ruleset, place, changes)
        _allow(libc, ruleset, Path(os.devnull), changes & (_WRITE_FILE | _TRUNCATE))
        _checked(libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
        _checked(libc.syscall(_RESTRICT, ruleset, 0))
    finally:
        os.close(ruleset)


def _allow(libc: Any, ruleset: int, place: Path, allowed: int) -> None:
    opened = os.open(place, getattr(os, "O_PATH", 0) | os.O_CLOEXEC)
    try:
        rule = _Beneath(allowed, opened)
        _checked(libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(opened)


def _in_folder(path: Any, folder: Any) -> Any:
    """A path with the folder that an open descriptor stands for, as `shutil.rmtree` gives it."""
    named = isinstance(path, (str, bytes, os.PathLike)) and isinstance(folder, int) and folder >= 0
    if not named:
        return path
    with suppress(OSError):
        return os.path.join(os.readlink(f"/proc/self/fd/{folder}"), os.fsdecode(path))  # noqa: PTH118, PTH115
    return path


def _audit(places: Sequence[Path]) -> None:
    allowed = tuple(os.path.join(place, "") for place in places)  # noqa: PTH118  (a prefix)

    def is_inside(path: Any) -> bool:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return True  # a descriptor that is open already
        real = os.path.realpath(os.fsdecode(path))
        return real == os.devnull or f"{real}{os.sep}".startswith(allowed)

    def refuse(what: str) -> None:
        raise PermissionError(f"the model tried to {what}, and it is not trusted")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = bool(set(mode or "") & set("wax+")) or bool((flags or 0) & _WRITING_FLAGS)
            if writes and not is_inside(path):
                refuse(f"write {path!r}")
        elif event in _NETWORK:
            refuse(f"use the network ({event})")
        elif event in _PROGRAMS:
            refuse(f"start a program ({event})")
        elif event in _CHANGING:
            paths = arguments[:2] if event in ("os.rename", "os.link", "os.symlink") else (
                arguments[:1]
            )  # fmt: skip
            folders = [arguments[place] for place in _FOLDERS.get(event, ())]
            whole = [_in_folder(*each) for each in zip_longest(paths, folders)]
            if not all(map(is_inside, whole)):
                refuse(f"change {paths[-1]!r}")

    sys.addaudithook(hook)
