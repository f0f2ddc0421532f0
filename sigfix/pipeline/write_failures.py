"""What a failure to write, or to read the source on the way, is called."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sigfix.errors import FaultError, OutputError, SigfixError, UnreadableModelError
from sigfix.temporary import PREFIX

_WORDS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "a file grew past the size limit of this process or file system",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EBUSY: "it is in use, as a mount point is",
    errno.EXDEV: "it is on another file system than its directory, as a mount point is",
    errno.EMLINK: "the directory has too many entries",
    errno.ENOTEMPTY: "something appeared there meanwhile",
    errno.EEXIST: "something appeared there meanwhile",
}
_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""Failures to write alone, which TensorFlow reports as well."""


def words(error: OSError) -> str:
    """What went wrong, without a path."""
    return _WORDS.get(error.errno or 0) or error.strerror or str(error)


def cannot_write(destination: Path, error: OSError) -> OutputError:
    """The error for a destination that could not be written."""
    space = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return OutputError(
        f"Cannot write {_shown(destination)}: {words(error)}. Nothing was published.",
        "free some space or choose another place with -o"
        if space
        else "choose another place with -o",
    )


def write_text(file: Path, text: str) -> None:
    """Write a file that the user named, over one that is there. Raises `OutputError`."""
    write_bytes(file, text.encode())


def write_bytes(file: Path, data: bytes) -> None:
    """The same, of bytes."""
    try:
        file.write_bytes(data)
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror or error}.") from error


def write_pieces(file: Path, pieces: Iterable[str]) -> None:
    """Write a text that comes in pieces, as `write_text` does."""
    try:
        with file.open("w", encoding="utf-8", newline="") as out:
            out.writelines(pieces)
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror or error}.") from error


def _shown(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 300 else f"{text[:100]}...{text[-100:]}"


@contextmanager
def said_as_expected(destination: Path, places: tuple[Path, ...], mark: str) -> Iterator[None]:
    """Turn what the operating system refuses in the block into an `OutputError`.

    `places` are where that is written, beside folders that have `mark` in their names. A failure
    elsewhere is one of the model that is read (`UnreadableModelError`) or of the temporary folder.
    """
    try:
        yield
    except OSError as error:
        expected = _expected(error, destination, places, mark)
        if expected is None:
            raise
        raise expected from error
    except Exception as error:
        if isinstance(error, SigfixError) and not isinstance(error, FaultError):
            raise
        # TensorFlow reports a full disk as an error of its own, told by its text.
        for number in _SPACE:
            if os.strerror(number) in str(error):
                raise cannot_write(destination, OSError(number, os.strerror(number))) from error
        raise


def _expected(
    error: OSError, destination: Path, places: tuple[Path, ...], mark: str
) -> SigfixError | None:
    if isinstance(error.filename, (str, bytes)):
        path = Path(os.path.abspath(os.fsdecode(error.filename)))  # noqa: PTH100  (not a link's end)
        if path not in places and not any(mark in part for part in path.parts):
            if PREFIX in str(path):
                return OutputError(
                    f"Cannot write the temporary file {_shown(path)}: {words(error)}.",
                    "free some space, or set TMPDIR to another directory",
                )
            return UnreadableModelError(f"{_shown(path)} cannot be read: {words(error)}.")
        return cannot_write(destination, error)
    return cannot_write(destination, error) if error.errno in _WORDS else None
