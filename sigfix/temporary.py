"""Temporary folders that the next run removes where this one was killed, and texts set aside."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sigfix import ownership
from sigfix.errors import OutputError
from sigfix.stopping import held

PREFIX = "sigfix-run-"
_IN_MEMORY = 1 << 20
"""Bytes of a text beyond which it is on the disk."""
_AT_ONCE = 1 << 16
_NAME = re.compile(re.escape(PREFIX) + "[0-9a-f]{8}")


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a new folder in the system's temporary one, and remove it with all that is in it.

    Folders of this user's runs that are dead are removed first. Raises `OutputError` where none
    can be made.
    """
    try:
        parent = Path(tempfile.gettempdir())
        ownership.remove_abandoned(parent, _NAME)
        owned = ownership.make(parent, PREFIX)
    except OSError as error:
        raise OutputError(
            f"No temporary folder can be made: {error.strerror or error}.",
            "set TMPDIR to a directory that can be written",
        ) from error
    try:
        yield owned.folder
    finally:
        with held():
            owned.remove()


@contextmanager
def set_aside(pieces: Iterable[str]) -> Iterator[Iterator[str]]:
    """Go through `pieces`, and yield them once more: out of a file, where they are many.

    Raises `OutputError` where they do not fit into the temporary folder.
    """
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        for piece in pieces:
            try:
                file.write(piece.encode("utf-8", "surrogatepass"))
            except OSError as error:
                raise OutputError(
                    f"A temporary file cannot be written: {error.strerror or error}.",
                    "free some space, or set TMPDIR to another directory",
                ) from error
        file.seek(0)
        parts = iter(lambda: b"".join(file.readlines(_AT_ONCE)), b"")
        yield (part.decode("utf-8", "surrogatepass") for part in parts)
