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
from typing import Any, TextIO

from sigfix.errors import OutputError
from sigfix.rendering.json_text import json_escaped

_ERRORS = "sigfix.escaped"


def _escape(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json_escaped(error.object[error.start : error.end]), error.end


codecs.register_error(_ERRORS, _escape)


class _Output(io.FileIO):
    """Standard output as it is, but that a failed write is an `OutputError`."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:  # whoever reads it has seen enough
            raise
        except OSError as error:
            _discard(self.fileno())
            raise OutputError(
                f"Standard output cannot be written: {error.strerror or error}.",
                "send it to a file on a disk that has room",
            ) from error


class _Messages(io.FileIO):
    """Standard error as it is, but that a failed write is nothing: there is nobody to tell."""

    def write(self, data: Any) -> int:
        with suppress(OSError):
            return super().write(data)
        return len(data)


@contextmanager
def safe_streams() -> Iterator[None]:
    """Run the block, and raise `OutputError` where its output cannot be written.

    What was written is on its way when the block ends, whichever way it does.
    """
    _open_closed()
    if sys.stdout is None:
        raise OutputError("Standard output cannot be written: it is closed.")
    sys.stdout = _wrapped(sys.stdout, _Output)
    sys.stderr = _wrapped(sys.stderr, _Messages)
    try:
        yield
    finally:
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            _discard(sys.stdout.fileno())


def _wrapped(stream: TextIO, kind: type[io.FileIO]) -> TextIO:
    """The process's own stream over another raw file; one that somebody put there stays."""
    if stream not in (sys.__stdout__, sys.__stderr__) or type(stream) is not io.TextIOWrapper:
        return stream
    raw = io.BufferedWriter(kind(stream.fileno(), "wb", closefd=False))
    buffering = stream.line_buffering
    return io.TextIOWrapper(raw, stream.encoding, _ERRORS, line_buffering=buffering)


def _discard(number: int) -> None:
    """Let what is left to be written go nowhere; it would be tried again when Python ends."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, number)
    os.close(nothing)


def _open_closed() -> None:
    """Open what was closed of the standard files: the next file would take its number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            nothing = os.open(os.devnull, os.O_RDWR)
            if nothing != number:
                os.dup2(nothing, number)
                os.close(nothing)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
