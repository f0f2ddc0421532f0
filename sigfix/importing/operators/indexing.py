"""Operators that pick or place elements by index.

ONNX lets indices be negative and TensorFlow does not. Constants are corrected here; what comes
out of ArgMax, Shape and the like never is negative; anything else is corrected at run time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.operators.combining import combined
from sigfix.importing.operators.registry import Node, onnx_operator
from sigfix.importing.static_values import as_array, holds_throughout
from sigfix.optimising.graph.permutations import inverse

NEVER_NEGATIVE = frozenset(("ArgMax", "ArgMin", "Shape", "Size", "TopKV2", "OneHot"))


def never_negative(tensor: Any) -> bool:
    """Whether no element of an integer tensor can be negative, whatever the inputs are."""
    return holds_throughout(tensor, lambda value: (value >= 0).all(), NEVER_NEGATIVE)


def _wrapped(indices: Any, size: Any) -> Any:
    """int32 indices where -1 is the last of `size` (a number, or numbers along the last axis)."""
    value = as_array(indices)
    known = size if isinstance(size, (int, np.ndarray)) else as_array(size)
    if value is not None and ((value >= 0).all() or known is not None):
        if (value < 0).any():
            value = np.where(value < 0, value + known, value)
        return tf.constant(value.astype(np.int32))
    indices = tf.cast(indices, tf.int32)
    if never_negative(indices):
        return indices
    return tf.where(indices < 0, indices + tf.cast(size, tf.int32), indices)


def _sizes(x: Any, axes: range) -> Any:
    """Lengths along `axes`: an array where they are static, else a tensor."""
    lengths = [x.shape[a] for a in axes]
    if None not in lengths:
        return np.array(lengths, np.int32)
    return tf.shape(x)[axes.start : axes.stop]


@onnx_operator("Gather", 1, 11, 13)
def gather(node: Node, data: Any, indices: Any) -> Any:
    """data[..., indices, ...] along `axis`; a single constant index becomes a slice."""
    axis = int(node.attributes.get("axis", 0)) % data.shape.rank
    fixed = as_array(indices)
    if fixed is not None and fixed.ndim == 0:
        where = tuple([slice(None)] * axis + [int(fixed)])
        return data[where]
    size = data.shape[axis]
    return tf.gather(
        data, _wrapped(indices, tf.shape(data)[axis] if size is None else size), axis=axis
    )


@onnx_operator("GatherND", 11, 12, 13)
def gather_nd(node: Node, data: Any, indices: Any) -> Any:
    """data[b..., i, j, ...] for each (i, j, ...) in the last axis of `indices`."""
    leading = int(node.attributes.get("batch_dims", 0))
    depth = indices.shape[-1]  # static: `preflight_sizes.py`
    wanted = _wrapped(indices, _sizes(data, range(leading, leading + depth)))
    if leading:
        counters = [_counter(indices, axis) for axis in range(leading)]
        lead = tf.shape(wanted)[:-1]
        parts = [tf.broadcast_to(c, lead)[..., None] for c in counters]
        wanted = tf.concat([*parts, wanted], -1)
    return tf.gather_nd(data, wanted)


def _counter(like: Any, axis: int) -> Any:
    """0, 1, 2... along `axis`, one elsewhere, for all axes of `like` but the last."""
    rank = like.shape.rank - 1
    size = like.shape[axis]
    numbers = tf.range(tf.shape(like)[axis]) if size is None else tf.range(size)
    return tf.reshape(numbers, [-1 if a == axis else 1 for a in range(rank)])


def _flat_places(data: Any, indices: Any, axis: int) -> Any:
    """Where each element of `indices`, along `axis`, lies in the flattened data."""
    rank = data.shape.rank
    sizes = _lengths(data)
    strides = _strides(sizes)
    fixed = np.zeros([1] * rank, np.int32)
    places = _wrapped(indices, sizes[axis]) * strides[axis]
    for a in range(rank):
        length = indices.shape[a]
        if a == axis or length == 1:
            continue
        if length is None or not isinstance(strides[a], int):
            numbers = tf.range(tf.shape(indices)[a] if length is None else length) * strides[a]
            places += tf.reshape(numbers, [-1 if i == a else 1 for i in range(rank)])
        else:
            known = np.arange(length, dtype=np.int32) * strides[a]
            fixed = fixed + known.reshape([-1 if i == a else 1 for i in range(rank)])
    return places + tf.constant(fixed.astype(np.int32)) if fixed.any() else places


def _lengths(x: Any) -> list[Any]:
    """The length of every axis: a number where it is static, else a scalar tensor."""
    return [tf.shape(x)[a] if n is None else n for a, n in enumerate(x.shape)]


def _dimensions(x: Any) -> Any:
    """The shape of x, static but for one -1 where it can be."""
    known = [-1 if n is None else n for n in x.shape]
    return known if known.count(-1) < 2 else tf.shape(x)


def _strides(sizes: list[Any]) -> list[Any]:
    """How far neighbours along each axis lie apart in flattened data; numbers where they can be."""
    strides = [1]
    for size in reversed(sizes[1:]):
        strides.insert(0, strides[0] * size)
    return strides


@onnx_operator("GatherElements", 11, 13)
def gather_elements(node: Node, data: Any, indices: Any) -> Any:
    """numpy.take_along_axis, as one gather from the flattened data."""
    axis = int(node.attributes.get("axis", 0)) % data.shape.rank
    return tf.gather(tf.reshape(data, [-1]), _flat_places(data, indices, axis))


@onnx_operator("Scatter", 9)
@onnx_operator("ScatterElements", 11, 13, 16, 18)
def scatter_elements(node: Node, data: Any, indices: Any, updates: Any) -> Any:
    """A copy of `data` with each update put at, or combined with, its index along `axis`."""
    axis = int(node.attributes.get("axis", 0)) % data.shape.rank
    places = tf.reshape(_flat_places(data, indices, axis), [-1, 1])
    flat = _scattered(node, tf.reshape(data, [-1]), places, tf.reshape(updates, [-1]))
    result = tf.reshape(flat, _dimensions(data))
    result.set_shape(data.shape)
    return result


@onnx_operator("ScatterND", 11, 13, 16, 18)
def scatter(node: Node, data: Any, indices: Any, updates: Any) -> Any:
    """A copy of `data` with `updates` at `indices`, or combined with what is there.

    Scatters to a box of places never come here: `static_shapes.py` turns them into slices.
    """
    depth = indices.shape[-1]
    return _scattered(node, data, _wrapped(indices, _sizes(data, range(depth))), updates)


def _scattered(node: Node, data: Any, places: Any, updates: Any) -> Any:
    reduction = node.text("reduction", "none")
    if reduction == "add":
        return data + tf.scatter_nd(places, updates, tf.shape(data))
    if reduction == "none":
        return tf.tensor_scatter_nd_update(data, places, updates)
    return combined(node, data, places, updates)


def one_hot_as(indices: Any, size: int, dtype: Any) -> Any:
    """`tf.one_hot` of int32, cast: on wasm, TF.js writes integers into a float result."""
    return tf.cast(tf.one_hot(indices, size, 1, 0, dtype=tf.int32), dtype)


@onnx_operator("OneHot", 9, 11)
def one_hot(node: Node, indices: Any, depth: Any, values: Any) -> Any:
    """values[1] where the index along a new axis equals the element, values[0] elsewhere."""
    size = int(node.fixed(depth, 1).reshape(-1)[0])
    off, on = node.fixed(values, 2)
    rank = indices.shape.rank + 1
    hot = one_hot_as(_wrapped(tf.cast(indices, tf.int32), size), size, off.dtype)
    if (off, on) != (0, 1):
        hot = hot * (on - off) + off
    order = list(range(rank - 1))  # TensorFlow.js has no other axis than the last
    order.insert(int(node.attributes.get("axis", -1)) % rank, rank - 1)
    return layout.transpose(hot, order)


@onnx_operator("TopK", 1, 10, 11)
def top_k(node: Node, x: Any, k: Any = None) -> Any:
    """The k largest (or smallest) elements along `axis`, sorted, and their indices as int64."""
    known = node.attributes.get("k") if k is None else as_array(k)
    count = tf.cast(tf.reshape(k, []), tf.int32) if known is None else int(np.reshape(known, -1)[0])
    rank = x.shape.rank
    axis = int(node.attributes.get("axis", -1)) % rank
    order = [a for a in range(rank) if a != axis] + [axis]
    turned = layout.transpose(x, order)
    largest = node.attributes.get("largest", 1)
    values, indices = tf.math.top_k(turned if largest else -turned, count)
    values = values if largest else -values
    back = inverse(order)
    return layout.transpose(values, back), layout.transpose(tf.cast(indices, tf.int64), back)


@onnx_operator("NonZero", 9, 13)
def non_zero(node: Node, x: Any) -> Any:
    """The places of what is not zero, [rank, n]; TensorFlow.js finds them asynchronously."""
    if x.shape.rank == 0:
        x = tf.reshape(x, [1])
    places = tf.where(x if x.dtype == tf.bool else tf.not_equal(x, tf.zeros([], x.dtype)))
    return layout.transpose(places, [1, 0])


@onnx_operator("Compress", 9, 11)
def compress(node: Node, x: Any, condition: Any) -> Any:
    """The slices along `axis` (elements of the flattened input without it) that are chosen."""
    chosen = np.flatnonzero(node.fixed(condition, 1)).astype(np.int32)
    axis = node.attributes.get("axis")
    if axis is None:
        return tf.gather(tf.reshape(x, [-1]), tf.constant(chosen))
    return tf.gather(x, tf.constant(chosen), axis=int(axis) % x.shape.rank)


@onnx_operator("Hardmax", 1, 11, 13)
def hardmax(node: Node, x: Any) -> Any:
    """1 at the first maximum along `axis` (over all axes from it on before opset 13)."""
    rank = x.shape.rank
    axis = int(node.attributes.get("axis", -1 if node.since_version >= 13 else 1)) % rank
    if node.since_version < 13 and axis != rank - 1:
        raise node.refuse("before opset 13 only the last axis is supported")
    size = x.shape[axis]  # static: `preflight_sizes.py`
    order = [a for a in range(rank) if a != axis] + [axis]
    best = tf.argmax(layout.transpose(x, order), -1, output_type=tf.int32)
    return layout.transpose(one_hot_as(best, size, x.dtype), inverse(order))
