"""Sizes of tensors while a graph is built: numbers where they are known, else scalars of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf


def axis_size(x: Any, axis: int) -> Any:
    """The length of an axis: a number, or an int32 scalar that is computed."""
    known = None if x.shape.rank is None else x.shape[axis]
    return tf.shape(x)[axis] if known is None else int(known)


def sizes_of(x: Any) -> list[Any]:
    """The lengths of all axes, as `axis_size` has them; their shape is computed once."""
    if None not in x.shape:
        return [int(d) for d in x.shape]
    computed = tf.shape(x)
    return [computed[i] if d is None else int(d) for i, d in enumerate(x.shape)]


def known_only(sizes: Sequence[Any]) -> list[int | None]:
    """Sizes that are numbers, None for the others."""
    return [int(s) if isinstance(s, (int, np.integer)) else None for s in sizes]


def product(sizes: Sequence[Any]) -> Any:
    """Sizes multiplied, whatever they are."""
    total: Any = 1
    for size in sizes:
        total = size if isinstance(total, int) and total == 1 else total * size
    return total


def reshaped(x: Any, sizes: Sequence[Any]) -> Any:
    """x with these sizes; one that is not known is inferred, several are put together."""
    static = known_only(sizes)
    if static.count(None) <= 1:
        return tf.reshape(x, [-1 if s is None else s for s in static])
    result = tf.reshape(x, tf.stack(list(sizes)))
    result.set_shape(static)
    return result
