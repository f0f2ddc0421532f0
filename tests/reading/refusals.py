"""What a refusal of a file has to be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sigfix.errors import UnreadableModelError
from sigfix.pipeline.inspect import inspect
from sigfix.reading.boundary import OWN_FAULTS


def refused(path: Path, call: Callable[[Path], object] = inspect) -> UnreadableModelError:
    """The error that `call` raises: with a code, about the path, and for no fault of a reader."""
    with pytest.raises(UnreadableModelError) as caught:
        call(path)
    assert caught.value.exit_code == 2
    assert caught.value.code
    assert str(path) in caught.value.message
    cause = caught.value.__cause__
    assert not isinstance(cause, OWN_FAULTS), repr(cause)
    return caught.value
