"""Copy a model's files: by reflink where the file system can, by bytes where not, never linked.

A hard link would make the result change when somebody writes to the source.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from sigfix.reading.files import opened
from sigfix.reading.folder import open_directory, refuse_strangers

_FICLONE = 0x40049409
"""The Linux ioctl that shares a file's extents (`ioctl_ficlone(2)`)."""


def copy_tree(source: Path, target: Path, leave_out: Collection[str]) -> None:
    """Copy `source` into the existing directory `target`, but for top-level names in `leave_out`.

    Links inside the model are followed, so that the copy stands alone. Raises
    `UnreadableModelError` where a link leads out of it or to a directory above it, and where
    something is neither file nor directory: nothing of that is opened.
    """
    folder = open_directory(source)
    refuse_strangers(source, [item for item in folder.problems if item.location not in leave_out])
    for name in folder.sizes:
        if name in leave_out:
            continue
        if name.endswith("/"):
            (target / name).mkdir(parents=True, exist_ok=True)
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        copy_file(source / name, target / name)


def copy_file(source: Path, target: Path) -> None:
    """Copy one plain file's bytes, sharing them on disk where the file system can.

    Raises `UnreadableModelError` where it is no plain file or cannot be read.
    """
    with opened(source) as file, target.open("wb") as written:
        if not _clone(file.fileno(), written.fileno()):
            shutil.copyfileobj(file, written, 1 << 20)


def _clone(source: int, target: int) -> bool:
    try:
        import fcntl

        fcntl.ioctl(target, _FICLONE, source)
    except (ImportError, OSError):
        return False
    return True
