"""TensorFlow's register of gradients, which keeps what was loaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tensorflow.python.framework import ops

from sigfix.lean import is_lean


@contextmanager
def forgotten_gradients() -> Iterator[None]:
    """Forget the gradients of functions that the block loads: nothing here asks for them.

    TensorFlow (2.19) keeps them for ever, and by them the loaded model: its functions, its
    weights. In a process that is not sigfix's own somebody may ask for them.
    """
    known: dict[str, Any] = ops.gradient_registry._registry if is_lean() else {}
    before = set(known)
    try:
        yield
    finally:
        for name in set(known) - before:
            del known[name]
