"""Permutations of axes, for the graph passes and for the import from ONNX alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Permutation = tuple[int, ...]


def inverse(permutation: Sequence[int]) -> Permutation:
    """The permutation that undoes `permutation`."""
    return tuple(int(i) for i in np.argsort(permutation))


def is_identity(permutation: Sequence[int]) -> bool:
    """Whether nothing is moved."""
    return list(permutation) == list(range(len(permutation)))


def turned_constant(value: np.ndarray[Any, Any], permutation: Permutation) -> Any:
    """A broadcasting constant aligned with T(s, p), made to align with s.

    Leading unit dimensions are dropped, so that a per-channel constant becomes a vector.
    """
    if value.ndim == 0:
        return value
    full = value.reshape((1,) * (len(permutation) - value.ndim) + value.shape)
    turned = np.transpose(full, inverse(permutation))
    shape = list(turned.shape)
    while len(shape) > 1 and shape[0] == 1:
        shape.pop(0)
    return np.ascontiguousarray(turned.reshape(shape))
