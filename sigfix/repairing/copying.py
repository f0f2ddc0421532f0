"""Copy a model's files: by reflink where the file system can, by bytes where not, never linked.

A hard link would make the result change when somebody writes to the source.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Collection
from pathlib import Path

from sigfix.errors import UnreadableModelError

_FICLONE = 0x40049409
"""The Linux ioctl that shares a file's extents (`ioctl_ficlone(2)`)."""


def copy_tree(source: Path, target: Path, leave_out: Collection[str]) -> None:
    """Copy `source` into the existing directory `target`, but for top-level names in `leave_out`.

    Links are followed, so that the copy stands alone; a link that leads back to a directory
    above it is refused, and so is anything that is neither file nor directory.
    """
    _copy(source, target, leave_out, (source.resolve(),))


def _copy(source: Path, target: Path, leave_out: Collection[str], above: tuple[Path, ...]) -> None:
    for entry in sorted(os.scandir(source), key=lambda item: item.name):
        if entry.name in leave_out:
            continue
        path = source / entry.name
        try:
            mode = path.stat().st_mode
        except OSError as error:
            raise UnreadableModelError(f"{path} cannot be read: {error.strerror}.") from error
        if stat.S_ISDIR(mode):
            real = path.resolve()
            if real in above:
                raise UnreadableModelError(f"{path} is a link to a directory above it.")
            (target / entry.name).mkdir()
            _copy(path, target / entry.name, (), (*above, real))
        elif stat.S_ISREG(mode):
            copy_file(path, target / entry.name)
        else:
            raise UnreadableModelError(f"{path} is neither a file nor a directory.")


def copy_file(source: Path, target: Path) -> None:
    """Copy one file's bytes, sharing them on disk where the file system can."""
    try:
        opened = source.open("rb")
    except OSError as error:
        raise UnreadableModelError(f"{source} cannot be read: {error.strerror}.") from error
    with opened, target.open("wb") as written:
        if not _clone(opened.fileno(), written.fileno()):
            shutil.copyfileobj(opened, written, 1 << 20)


def _clone(source: int, target: int) -> bool:
    try:
        import fcntl

        fcntl.ioctl(target, _FICLONE, source)
    except (ImportError, OSError):
        return False
    return True
