"""Folders that a run makes and removes: who owns one, and whether its owner still lives.

A folder holds a lock file, `OWNER`, which its owner keeps locked for as long as it lives, however
it ends. A later run may remove a folder of the same user whose lock file nobody holds. Where the
file system has no locks, a folder is taken for abandoned after `STALE_AFTER_SECONDS`.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OWNER = "owner.json"
STALE_AFTER_SECONDS = 24 * 3600

_HELD = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK)
_LONGEST_RECORD = 1 << 16


@dataclass(frozen=True)
class Owned:
    """A folder, and the descriptor of its lock file, which holds the lock until it is closed."""

    folder: Path
    lock: int

    def record(self, facts: dict[str, Any]) -> None:
        """Write `facts` to the lock file, for the run that finds the folder abandoned."""
        os.lseek(self.lock, 0, os.SEEK_SET)
        os.truncate(self.lock, 0)
        os.write(self.lock, json.dumps(facts).encode())

    def remove(self) -> None:
        """Remove the folder, and give it up: another run may remove what is left of it."""
        _remove(self.folder)
        with suppress(OSError):
            os.close(self.lock)
        _remove(self.folder)  # Windows removes no open file


def make(parent: Path, prefix: str) -> Owned:
    """Make a folder called `prefix` and eight digits in `parent`, and own it (mode 0700).

    Raises `OSError` where the folder cannot be made.
    """
    while True:
        folder = parent / f"{prefix}{secrets.token_hex(4)}"
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue
        try:
            lock = os.open(folder / OWNER, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except FileNotFoundError:
            if folder.exists():
                raise
            continue  # another run took the empty folder for an abandoned one
        # So may a run have done that looked before the lock was there.
        if _try_lock(lock) is not False and _is_same(folder / OWNER, lock):
            return Owned(folder, lock)
        os.close(lock)


def remove_abandoned(
    parent: Path,
    name: re.Pattern[str],
    rescue: Callable[[Path, dict[str, Any]], bool] = lambda folder, facts: True,
) -> None:
    """Remove the abandoned folders in `parent` whose whole names match `name`.

    `rescue` is called with each, and with what its owner recorded, before that; where it returns
    false the folder stays.
    """
    for folder in _matching(parent, name):
        with abandoned(folder) as facts:
            removing = facts is not None and rescue(folder, facts)
            if removing:
                _remove(folder)
        if removing:  # Windows removes no open file
            _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a folder, its lock file last: what is left where we are killed has an owner still."""
    with suppress(OSError):
        for path in list(folder.iterdir()):
            if path.name == OWNER:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
        if [path.name for path in folder.iterdir()] == [OWNER]:
            (folder / OWNER).unlink()
        folder.rmdir()


def _matching(parent: Path, name: re.Pattern[str]) -> list[Path]:
    try:
        with os.scandir(parent) as entries:
            return [parent / entry.name for entry in entries if name.fullmatch(entry.name)]
    except OSError:
        return []


@contextmanager
def abandoned(folder: Path) -> Iterator[dict[str, Any] | None]:
    """Own `folder` for the block and yield what its owner recorded; None where it is no such one.

    A folder that is another user's, a link, or has something in it but no lock file is not.
    """
    if not _is_own_folder(folder):
        yield None
        return
    try:
        lock = os.open(folder / OWNER, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        with suppress(OSError):
            folder.rmdir()  # its owner was killed before it had a lock file
        yield None
        return
    try:
        taken = _try_lock(lock)
        dead = _is_old(lock) if taken is None else taken
        yield _read(lock) if dead and _is_same(folder / OWNER, lock) else None
    finally:
        os.close(lock)


def _is_own_folder(folder: Path) -> bool:
    try:
        status = folder.lstat()
    except OSError:
        return False
    own = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
    return own and stat.S_ISDIR(status.st_mode)


def _try_lock(descriptor: int) -> bool | None:
    """Lock a file for as long as this process lives; None where that cannot be done."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in _HELD else None
    return True


def _is_same(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except OSError:
        return False


def _is_old(descriptor: int) -> bool:
    return time.time() - os.fstat(descriptor).st_mtime > STALE_AFTER_SECONDS


def _read(descriptor: int) -> dict[str, Any]:
    """What `Owned.record` wrote; nothing where that was cut off."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        facts = json.loads(os.read(descriptor, _LONGEST_RECORD))
    except (OSError, ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}
