"""Operators that move, cut or join without computing: shape arithmetic stays foldable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.operators.registry import Node, onnx_operator
from sigfix.importing.static_values import as_array


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
        return [int(a) for a in node.fixed(axes, 1).reshape(-1)]
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
    inputs = tuple(i for i in inputs if i.shape[axis] != 0) or inputs[:1]  # what is not empty
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
