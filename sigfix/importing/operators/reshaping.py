"""Reshape: the target that a graph is told while it is built, or the one that it makes itself.

ONNX's targets hold 0 (copy this dimension), -1 (what is left) and sizes that are computed; of
TensorFlow's one element may be -1. Where more than that is unknown, the target is put together
at run time from the sizes of the input.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing.operators.registry import Node, onnx_operator
from sigfix.importing.operators.shape import without_axes
from sigfix.importing.static_values import as_array, elements_of, holds_throughout


@onnx_operator("Reshape", 5, 13, 14, 19, 21, 23)
def reshape(node: Node, x: Any, shape: Any) -> Any:
    """Reshape; 0 copies a dimension (unless `allowzero`), -1 is inferred.

    A reshape of a reshape starts from the first one's input, one that only drops unit axes is a
    squeeze, and one that changes nothing disappears.
    """
    copies = not node.attributes.get("allowzero", 0)
    elements = elements_of(shape)
    if elements is None:
        return tf.reshape(x, _with_copied_dimensions(x, shape) if copies else shape)
    target = _static_target(x, elements, copies)
    if target is None:
        return tf.reshape(x, tf.stack([_part(x, i, e, copies) for i, e in enumerate(elements)]))
    dropped = _dropped_unit_axes(list(x.shape), target)
    if dropped is not None:
        return without_axes(x, dropped) if dropped else x
    operation = getattr(x, "op", None) if as_array(x) is None else None
    if operation is not None and operation.type == "Reshape":
        source = operation.inputs[0]
        if _same_shape(list(source.shape), target):
            return source
        x = source
    return tf.reshape(x, target)


def _with_copied_dimensions(x: Any, shape: Any) -> Any:
    """A target of which not even the length is known, with the input's sizes for its zeros."""
    wanted = tf.cast(shape, tf.int32)
    own = tf.concat([tf.shape(x), tf.zeros_like(wanted)], 0)[: tf.size(wanted)]
    return tf.where(tf.equal(wanted, 0), own, wanted)


def _part(x: Any, place: int, element: Any, copies: bool) -> Any:
    """One element of a target that is put together at run time: a number, or an int32 scalar."""
    copied = copies and (x.shape.rank is None or place < x.shape.rank)
    if isinstance(element, int):
        return _size(x, place) if copied and element == 0 else element
    if not copied or holds_throughout(element, lambda v: (v > 0).all(), ("Shape", "Size")):
        return element
    return tf.where(tf.equal(element, 0), _size(x, place), element)


def _size(x: Any, axis: int) -> Any:
    known = None if x.shape.rank is None else x.shape[axis]
    return tf.shape(x)[axis] if known is None else known


def _static_target(x: Any, elements: list[Any], copies: bool) -> list[int] | None:
    """The target shape with at most one -1, or None where it has several unknown dimensions."""
    if x.shape.rank is None:
        return None
    source = list(x.shape)
    target = [e if isinstance(e, int) else -1 for e in elements]
    copied = [i for i, d in enumerate(target) if d == 0 and copies]
    if -1 in target:  # dimensions that are copied are the same on both sides and cancel
        left = [d for i, d in enumerate(source) if i not in copied]
        given = int(np.prod([d for i, d in enumerate(target) if d != -1 and i not in copied]))
        if target.count(-1) == 1 and None not in left and given:
            target[target.index(-1)] = int(np.prod(left)) // given
    for i in copied:
        target[i] = -1 if source[i] is None else int(source[i])
    return None if target.count(-1) > 1 else target


def _same_shape(shape: list[int | None], target: list[int]) -> bool:
    """Whether a reshape to `target` changes nothing: at most one dimension is unknown."""
    if len(shape) != len(target) or shape.count(None) > 1:
        return False
    return all(d == t or (d is None and t == -1) for d, t in zip(shape, target, strict=True))


def _dropped_unit_axes(shape: list[int | None], target: list[int]) -> list[int] | None:
    """The unit axes that a reshape removes, [] for none, or None if it does anything else."""
    if shape.count(None) > 1 or (-1 in target and None not in shape):
        return None
    dropped, wanted = [], 0
    for axis, size in enumerate(shape):
        size = -1 if size is None else size
        if wanted < len(target) and target[wanted] == size:
            wanted += 1
        elif size == 1:
            dropped.append(axis)
        else:
            return None
    return dropped if wanted == len(target) else None
