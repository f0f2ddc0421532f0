"""Paths that do not depend on the current directory, which may be gone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

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
