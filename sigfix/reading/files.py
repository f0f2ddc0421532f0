"""Opening the files of a model: plain files only, and none that a link leads out of it to.

A model is somebody else's. A pipe in place of a file makes a reader wait for ever, a device does
what devices do when they are opened, and a link to `/etc/passwd` brings that file into an error
message or a result. The path that the user typed may be a link; what counts are links below it.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sigfix.errors import UnreadableModelError
from sigfix.model import Problem
from sigfix.reading.elsewhere import elsewhere

_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFLNK: "a link to nothing",
}


def kind_of(path: Path) -> str:
    """What is at `path`: `a file`, `a named pipe`, `nothing`, ... Raises OSError."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "a link to nothing" if path.is_symlink() else "nothing"
    return "a file" if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "no plain file")


def leads_out(path: Path, root: Path) -> bool:
    """Whether `path`, its links followed, is outside `root`. Raises OSError."""
    real, inside = os.path.realpath(path), os.path.realpath(root)
    return os.path.commonpath([real, inside]) != inside


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A plain file, open for reading, wherever it lies.

    Raises `UnreadableModelError` where something else is there, without opening it.
    """
    if (remote := elsewhere(path)) is not None:
        yield io.BufferedReader(remote)
        return
    try:
        # Looked at first, because opening a device can be an act; and again once it is open.
        what = kind_of(path)
        if what not in ("a file", "nothing"):
            raise UnreadableModelError(f"{path} is {what}, not a file.", code="CON215")
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        file = os.fdopen(os.open(path, flags), "rb")
    except OSError as error:
        raise UnreadableModelError(
            f"{path} cannot be read: {error.strerror or error}.", code="CON215"
        ) from error
    with file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise UnreadableModelError(f"{path} is not a file.", code="CON215")
        yield file


def read_bytes(path: Path, most: int) -> bytes:
    """A plain file of at most `most` bytes. Raises `UnreadableModelError`."""
    with opened(path) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        data = file.read(min(most, size) + 1)
    if len(data) > most:
        raise UnreadableModelError(f"{path} is larger than {most:,} bytes.", code="CON214")
    return data


def companion_problem(folder: Path, name: str, what: str) -> Problem | None:
    """Why the file `name`, which a model names as lying beside it, cannot be read; else None.

    `what` is what the file is for (`weight file`). CON209 where it is not the model's own, CON204
    where there is none.
    """
    inner = Path(name)
    if not name or inner.is_absolute() or ".." in inner.parts:
        return Problem("CON209", f"{what} {name!r} leads out of the model's directory", name)
    try:
        found = kind_of(folder / name)
        if found == "a file" and leads_out(folder / name, folder):
            return Problem("CON209", f"{what} {name} is a link out of the model's directory", name)
    except (OSError, ValueError):  # a name that no file can have
        found = "nothing"
    if found == "a file":
        return None
    if found in ("nothing", "a link to nothing"):
        return Problem("CON204", f"the {what} {name} is missing", name)
    return Problem("CON209", f"{what} {name} is {found}, not a file", name)
