"""Operators that move, cut or join without computing: shape arithmetic stays foldable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.onnx_tf_backend import as_array
from sigfix.importing.operators.registry import Node, onnx_operator


@onnx_operator("Transpose", 1, 13, 21, 23)
def transpose(node: Node, x: Any) -> Any:
    """Permute axes; by default reverse them."""
    return layout.transpose(x, node.attributes.get("perm") or range(x.shape.rank)[::-1])


@onnx_operator("Shape", 1, 13, 15, 19, 21, 23)
def shape_of(node: Node, x: Any) -> Any:
    """The shape as int64, from `start` to `end`."""
    part = slice(node.attributes.get("start"), node.attributes.get("end"))
    if x.shape.is_fully_defined():
        return tf.constant(np.array(x.shape.as_list()[part], np.int64))
    return tf.shape(x, out_type=tf.int64)[part]


def _axes(node: Node, axes: Any) -> list[int] | None:
    if axes is not None:
        return [int(a) for a in node.constant(axes, "axes").reshape(-1)]
    declared = node.attributes.get("axes")
    return None if declared is None else [int(a) for a in declared]


@onnx_operator("Unsqueeze", 1, 11, 13, 21, 23)
def unsqueeze(node: Node, x: Any, axes: Any = None) -> Any:
    """Insert unit axes; `axes` refers to the result."""
    wanted = _axes(node, axes)
    if wanted is None:
        raise node.refuse("it names no axes")
    rank = x.shape.rank + len(wanted)
    places = sorted(a % rank for a in wanted)
    value = as_array(x)
    if value is not None:
        return tf.constant(np.expand_dims(value, tuple(places)))
    for place in places:
        x = tf.expand_dims(x, place)
    return x


@onnx_operator("Squeeze", 1, 11, 13, 21, 23)
def squeeze(node: Node, x: Any, axes: Any = None) -> Any:
    """Remove unit axes: the named ones, or all."""
    wanted = _axes(node, axes)
    rank = x.shape.rank
    if wanted is None and None in x.shape[1:]:
        raise node.refuse("it names no axes, and its input's shape is not static")
    places = (
        [i for i, d in enumerate(x.shape) if d == 1]
        if wanted is None
        else sorted(a % rank for a in wanted)
    )
    return without_axes(x, places) if places else x


def without_axes(x: Any, places: Sequence[int]) -> Any:
    """Squeeze `places`, in front of a transpose that `x` may be."""
    source = layout.look_through(x)
    if source is None:
        return tf.squeeze(x, list(places))
    tensor, permutation = source
    dropped = {permutation[p] for p in places}
    kept = [p for i, p in enumerate(permutation) if i not in places]
    rank_of = {p: i for i, p in enumerate(sorted(kept))}
    squeezed = tf.squeeze(tensor, sorted(dropped))
    return layout.transpose(squeezed, [rank_of[p] for p in kept])


@onnx_operator("Reshape", 5, 13, 14, 19, 21, 23)
def reshape(node: Node, x: Any, shape: Any) -> Any:
    """Reshape; 0 copies a dimension (unless `allowzero`), -1 is inferred.

    A reshape of a reshape starts from the first one's input, one that only drops unit axes is a
    squeeze, and one that changes nothing disappears.
    """
    target = static_target(node, x, shape)
    if target is None:
        return tf.reshape(x, _with_copied_dimensions(node, x, shape))
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


def _with_copied_dimensions(node: Node, x: Any, shape: Any) -> Any:
    wanted = tf.cast(shape, tf.int32)
    if node.attributes.get("allowzero", 0) or shape.shape[0] is None:
        return wanted
    count = min(shape.shape[0], x.shape.rank)
    copied = tf.pad(tf.shape(x)[:count], [[0, shape.shape[0] - count]])
    return tf.where(wanted == 0, copied, wanted)


def static_target(node: Node, x: Any, shape: Any) -> list[int] | None:
    """The target shape with at most one -1, or None where it has several unknown dimensions."""
    known = as_array(shape)
    source = list(x.shape)
    if known is not None:
        target = [int(d) for d in known]
        copies = not node.attributes.get("allowzero", 0)
        copied = [i for i, d in enumerate(target) if d == 0 and copies]
    else:
        partial = tf.get_static_value(shape, partial=True)
        if partial is None:
            return None
        target, copied = [-1 if d is None else int(d) for d in partial], []
    if -1 in target:  # dimensions that are copied are the same on both sides and cancel
        left = [d for i, d in enumerate(source) if i not in copied]
        given = int(np.prod([d for i, d in enumerate(target) if d != -1 and i not in copied]))
        if target.count(-1) == 1 and None not in left and given:
            target[target.index(-1)] = int(np.prod([d or 1 for d in left])) // given
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
    if shape.count(None) > 1:
        return None
    resolved = list(target)
    if -1 in resolved:
        if None in shape:
            resolved[resolved.index(-1)] = -1
        else:
            return None
    dropped, wanted = [], 0
    for axis, size in enumerate(shape):
        size = -1 if size is None else size
        if wanted < len(resolved) and resolved[wanted] == size:
            wanted += 1
        elif size == 1:
            dropped.append(axis)
        else:
            return None
    return dropped if wanted == len(resolved) else None


@onnx_operator("Flatten", 1, 9, 11, 13, 21, 23)
def flatten(node: Node, x: Any) -> Any:
    """[d0, ..., dn] -> [d0 * ... * d(axis-1), rest]."""
    axis = int(node.attributes.get("axis", 1))
    axis += x.shape.rank if axis < 0 else 0
    tail = list(x.shape[axis:])
    if None not in tail:
        if axis == 1 and all(d == 1 for d in tail[1:]) and tail:
            return without_axes(x, list(range(2, x.shape.rank))) if len(tail) > 1 else x
        return tf.reshape(x, [-1, int(np.prod(tail or [1]))])
    lead = tf.reduce_prod(tf.shape(x)[:axis])
    return tf.reshape(x, tf.stack([lead, -1]))


@onnx_operator("Concat", 4, 11, 13)
def concat(node: Node, *inputs: Any) -> Any:
    """Join along `axis`, under the transpose that all inputs have in common."""
    axis = int(node.attributes["axis"])
    axis += inputs[0].shape.rank if axis < 0 else 0
    if len(inputs) == 1:
        return inputs[0]
    values = [as_array(i) for i in inputs]
    if all(v is not None for v in values):
        return tf.constant(np.concatenate([v for v in values if v is not None], axis))
    sources = [layout.look_through(i) for i in inputs]
    permutations = {s[1] if s else None for s in sources}
    if len(permutations) == 1 and None not in permutations:
        (permutation,) = permutations
        assert permutation is not None
        joined = tf.concat([s[0] for s in sources if s], permutation[axis])
        return layout.transpose(joined, permutation)
    return tf.concat(list(inputs), axis)
