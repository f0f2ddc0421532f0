"""Which input and output of one model is which of another, and whether images lie differently.

Tensors of one name (as TensorFlow would spell it) belong together; where each model has one only,
these two do. An image may be channels first in one model and last in the other, as an import from
ONNX may leave it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sigfix.errors import BlockedError
from sigfix.model import Shape, TensorSpec
from sigfix.planning.names import signature_keys
from sigfix.planning.traces import TO_NCHW, TO_NHWC
from sigfix.verifying.arrays import Arrays


@dataclass(frozen=True)
class Pair:
    """A tensor of the left model and its counterpart; `order` transposes left to right."""

    left: str
    right: str
    order: tuple[int, ...] | None = None


def pair_tensors(
    left: tuple[TensorSpec, ...], right: tuple[TensorSpec, ...], what: str
) -> list[Pair]:
    """Pair two models' inputs (or outputs: `what` says). Raises `BlockedError` where they do not
    correspond."""
    here = signature_keys(spec.name for spec in left)
    keys = signature_keys(spec.name for spec in right)
    there = {keys[spec.name]: spec for spec in right}
    if len(left) == len(right) == 1:
        return [Pair(left[0].name, right[0].name, _order(left[0].shape, right[0].shape))]
    if set(here.values()) != set(there):
        raise BlockedError(
            f"The {what}s do not correspond: {_names(left)} in one model, {_names(right)} in the "
            "other.",
            "sigfix repair MODEL --rename OLD=NEW gives them the same names",
        )
    both = [(spec, there[here[spec.name]]) for spec in left]
    return [Pair(one.name, other.name, _order(one.shape, other.shape)) for one, other in both]


def _names(specs: tuple[TensorSpec, ...]) -> str:
    return ", ".join(spec.name for spec in specs) or "none"


def _order(left: Shape, right: Shape) -> tuple[int, ...] | None:
    """The transpose that makes one image shape the other; None where they agree as they are."""
    if left is None or right is None or len(left) != 4 or len(right) != 4 or _agree(left, right):
        return None
    for order in (TO_NHWC, TO_NCHW):
        if _agree(tuple(left[axis] for axis in order), right):
            return order
    return None


def _agree(one: tuple[int | None, ...], other: tuple[int | None, ...]) -> bool:
    return all(a is None or b is None or a == b for a, b in zip(one, other, strict=True))


def narrowed(spec: TensorSpec, other: TensorSpec, order: tuple[int, ...] | None) -> Shape:
    """The left model's shape with the sizes that the right one fixes."""
    if spec.shape is None or other.shape is None or len(spec.shape) != len(other.shape):
        return spec.shape if spec.shape is not None else other.shape
    sizes = list(other.shape)
    if order is not None:
        for position, axis in enumerate(order):
            sizes[axis] = other.shape[position]
    return tuple(
        size if size is not None else known for size, known in zip(spec.shape, sizes, strict=True)
    )


def turned_back(outputs: Mapping[Any, Any], pairs: list[Pair]) -> Arrays:
    """The right model's arrays under the left model's names, turned as they lie there."""
    found = {}
    for pair in pairs:
        if pair.right not in outputs:
            continue
        array = np.asarray(outputs[pair.right])
        if pair.order is not None and array.ndim == len(pair.order):
            array = array.transpose(np.argsort(pair.order))
        found[pair.left] = array
    return found
