"""Standard output and standard error: any name can be written to them, and a failure is said.

A name that the terminal's encoding lacks is escaped. A full disk, or an output that was closed,
is one message and exit code 2, as it is for every other file.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sigfix.errors import OutputError
from sigfix.rendering.json_text import json_escaped

_ERRORS = "sigfix.escaped"


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json_escaped(error.object[error.start : error.end]), error.end


codecs.register_error(_ERRORS, _escape)


@contextmanager
def safe_streams() -> Iterator[None]:
    """Run the block, and raise `OutputError` where its output could not be written."""
    _prepare()
    try:
        yield
    except OSError as error:
        _flush(error)
        raise
    except SystemExit:
        _flush()
        raise
    _flush()


def _prepare() -> None:
    """Give the standard files their numbers back where they were closed; refuse without output."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # the next file that is opened would take its place
            nothing = os.open(os.devnull, os.O_RDWR)
            if nothing != number:
                os.dup2(nothing, number)
                os.close(nothing)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with suppress(OSError, ValueError):
                stream.reconfigure(errors=_ERRORS)
    if sys.stdout is None:
        raise OutputError("Standard output cannot be written: it is closed.")


def _flush(met: OSError | None = None) -> None:
    """Write what is left; raise `OutputError` where that, or what was `met`, is a failed write."""
    try:
        sys.stdout.flush()
    except OSError as error:
        with suppress(OSError, ValueError):  # what is left would be tried again at the exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # whoever reads it has seen enough
            raise OutputError(
                f"Standard output cannot be written: {error.strerror or error}.",
                "send it to a file on a disk that has room",
            ) from met or error
