"""The one place where what goes wrong while bytes are read becomes an `UnreadableModelError`.

Reading calls zlib, lzma, tarfile, zipfile, json, struct and protobuf on bytes that anybody may
have written, and each of them has errors of its own. A reader says what it knows better by raising
`UnreadableModelError` itself; the rest is said here, with the error as its cause.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sigfix.errors import SigfixError, UnreadableModelError, first_line

OWN_FAULTS = (AttributeError, TypeError, LookupError, NameError, AssertionError)
"""Causes that speak of a reader that trusted its input, not of damaged bytes. A user gets the same
clear error; the tests and the fuzzers take each for a fault, so that it is mended at its place."""

AGAIN = "copy or download the model again, and compare the file sizes"


@contextmanager
def said_as_unreadable(path: Path | str) -> Iterator[None]:
    """Raise `UnreadableModelError` about `path` for whatever the block fails with."""
    try:
        yield
    except SigfixError:
        raise
    except Exception as error:
        raise unreadable(path, error) from error


def unreadable(path: Path | str, error: Exception) -> UnreadableModelError:
    """`error`, met while `path` was read, in words: CON215 where nothing was read, else CON214."""
    if isinstance(error, OSError) and error.errno is not None:
        return UnreadableModelError(
            f"{path} cannot be read: {os.strerror(error.errno)}.", code="CON215"
        )
    if isinstance(error, MemoryError):
        return UnreadableModelError(
            f"{path} cannot be read: it needs more memory than this process may have.",
            "allow it more memory (ulimit -v), or read it on a larger machine",
            code="CON214",
        )
    if isinstance(error, RecursionError):
        return UnreadableModelError(f"{path} is nested too deep to be a model.", code="CON214")
    if isinstance(error, OWN_FAULTS):
        return UnreadableModelError(
            f"{path} holds something that sigfix does not understand"
            f" ({type(error).__name__}: {first_line(error)}).",
            "sigfix --debug shows where; a model that loads elsewhere is worth a report",
            code="CON214",
        )
    return UnreadableModelError(
        f"{path} is damaged: {first_line(error).rstrip('.')}.", AGAIN, code="CON214"
    )
