"""Temporary folders that the next run removes where this one was killed."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sigfix import ownership
from sigfix.errors import OutputError
from sigfix.stopping import held

PREFIX = "sigfix-run-"
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
