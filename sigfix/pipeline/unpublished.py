"""Errors about a result that is not published: it has a hidden name until then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sigfix.errors import NotVerifiedError, SigfixError
from sigfix.pipeline.applying import WAYS_ON


@contextmanager
def unpublished(place: Path) -> Iterator[None]:
    """Take the hidden name out of an error's text, and say that nothing was written."""
    try:
        yield
    except SigfixError as error:
        for path in (str(place.resolve()), str(place)):
            error.message = error.message.replace(path, "the result")
        if isinstance(error, NotVerifiedError):
            error.message = f"Not verified, so nothing was written: {error.message}"
            error.hint = error.hint or WAYS_ON
        error.args = (error.message,)
        raise
