"""Paths that do not depend on the current directory, which may be gone, and URLs beside them."""

from __future__ import annotations

import os
import re
from pathlib import Path, PosixPath
from typing import Any
from urllib.parse import unquote

from sigfix.errors import UsageError


def absolute(path: Path) -> Path:
    """Return `path` made absolute without following a symbolic link in its last part.

    Raises `UsageError` where it is relative to a current directory that was deleted.
    """
    return Path(os.path.normpath(path if path.is_absolute() else current_directory() / path))


def current_directory() -> Path:
    """The current directory; `UsageError` where it was deleted."""
    try:
        return Path.cwd()
    except OSError as error:
        raise UsageError(
            f"The current directory cannot be used: {error.strerror}.", "cd to another one"
        ) from error


def from_here(path: Path) -> Path:
    """An absolute path as one from the current directory, where it lies in that."""
    try:
        here = Path.cwd()
    except OSError:  # it was deleted
        return path
    return path.relative_to(here) if path.is_relative_to(here) else path


def as_paths(options: Any, *names: str) -> None:
    """Make the named fields of a frozen dataclass paths, where they are texts."""
    for name in names:
        given = getattr(options, name)
        if isinstance(given, str):
            object.__setattr__(options, name, Path(given))


class RemotePath(PosixPath):
    """A URL in the place of a path: it is shown as it was typed, and is nothing on this machine."""

    _url: str

    def __new__(cls, *parts: str | os.PathLike[str]) -> RemotePath:
        """One from a URL, or from the parts that `pathlib` makes others of."""
        made = super().__new__(cls, *parts)
        made._url = (
            os.fspath(parts[0]) if len(parts) == 1 else "/".join(os.fspath(part) for part in parts)
        )
        return made

    def __str__(self) -> str:
        """The URL."""
        return self._url

    def __fspath__(self) -> str:
        """The URL, which no file has for its name."""
        return self._url

    def __reduce__(self) -> tuple[type[RemotePath], tuple[str]]:
        """What another process makes it of."""
        return RemotePath, (self._url,)


def path_or_url(text: str) -> Path:
    """What somebody named: `scheme://...` is a URL, all else a path of this machine.

    So is a `file://` URL, as RFC 8089 has them: with `%20` for a space.
    """
    if found := re.fullmatch(r"file://(?:localhost)?(/.*)", text, re.IGNORECASE | re.DOTALL):
        return Path(unquote(found[1], errors="surrogateescape"))
    return RemotePath(text) if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", text) else Path(text)
