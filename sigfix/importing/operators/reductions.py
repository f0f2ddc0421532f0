"""Reductions, softmax and what else looks along axes, under the transposes around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.open_sizes import axis_size, product, reshaped, sizes_of
from sigfix.importing.operators.registry import Node, onnx_operator
from sigfix.optimising.graph.permutations import inverse

Reduction = Callable[[Any, list[int]], Any]


def _kept(function: Callable[..., Any]) -> Reduction:
    return lambda x, axes: function(x, axes, keepdims=True)


def _of_flags(function: Callable[..., Any], of_flags: Callable[..., Any]) -> Reduction:
    """The largest of truth values is whether there is a true one, the least whether all are."""
    return lambda x, axes: (of_flags if x.dtype == tf.bool else function)(x, axes, keepdims=True)


# Name, since-versions with `axes` as an attribute, with `axes` as an input, keepdims reduction.
REDUCTIONS: tuple[tuple[str, tuple[int, ...], tuple[int, ...], Reduction], ...] = (
    ("ReduceSum", (1, 11), (13,), _kept(tf.reduce_sum)),
    ("ReduceMean", (1, 11, 13), (18,), _kept(tf.reduce_mean)),
    ("ReduceMax", (1, 11, 12, 13), (18, 20), _of_flags(tf.reduce_max, tf.reduce_any)),
    ("ReduceMin", (1, 11, 12, 13), (18, 20), _of_flags(tf.reduce_min, tf.reduce_all)),
    ("ReduceProd", (1, 11, 13), (18,), _kept(tf.reduce_prod)),
    ("ReduceL1", (1, 11, 13), (18,), lambda x, a: tf.reduce_sum(tf.abs(x), a, keepdims=True)),
    (
        "ReduceL2",
        (1, 11, 13),
        (18,),
        lambda x, a: tf.sqrt(tf.reduce_sum(tf.square(x), a, keepdims=True)),
    ),
    (
        "ReduceSumSquare",
        (1, 11, 13),
        (18,),
        lambda x, a: tf.reduce_sum(tf.square(x), a, keepdims=True),
    ),
    (
        "ReduceLogSum",
        (1, 11, 13),
        (18,),
        lambda x, a: tf.math.log(tf.reduce_sum(x, a, keepdims=True)),
    ),
    ("ReduceLogSumExp", (1, 11, 13), (18,), _kept(tf.reduce_logsumexp)),
)


def _register_reduction(
    name: str, by_attribute: tuple[int, ...], by_input: tuple[int, ...], function: Reduction
) -> None:
    @onnx_operator(name, *by_attribute, *by_input)
    def reduce(node: Node, x: Any, axes: Any = None) -> Any:
        named = node.attributes.get("axes")
        if axes is not None:
            named = node.fixed(axes, 1).reshape(-1).tolist()
        rank = x.shape.rank
        if not named and node.attributes.get("noop_with_empty_axes", 0):
            if name in ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd"):
                return x
            raise node.refuse("noop_with_empty_axes is not supported")
        places = sorted({int(a) % rank for a in named}) if named else list(range(rank))
        source, permutation = layout.look_through(x) or (x, tuple(range(rank)))
        reduced = function(source, [permutation[p] for p in places])
        turned = layout.transpose(reduced, permutation)
        if node.attributes.get("keepdims", 1):
            return turned
        return without_unit_axes(turned, places)


def without_unit_axes(x: Any, places: list[int]) -> Any:
    """Squeeze `places`, in front of a transpose that `x` may be."""
    from sigfix.importing.operators.shape import without_axes

    return without_axes(x, places) if places else x


for _name, _by_attribute, _by_input, _function in REDUCTIONS:
    _register_reduction(_name, _by_attribute, _by_input, _function)


def _along_last_axis(function: Callable[[Any], Any], x: Any, axis: int) -> Any:
    """Apply a function that works on the last axis along `axis`: TF.js's softmax has no other."""
    rank = x.shape.rank
    axis %= rank
    order = [i for i in range(rank) if i != axis] + [axis]
    source = layout.look_through(x)
    if source is not None and source[1][axis] == rank - 1:  # last where it comes from
        return layout.transpose(function(source[0]), source[1])
    return layout.transpose(function(layout.transpose(x, order)), inverse(order))


@onnx_operator("Softmax", 13)
def softmax(node: Node, x: Any) -> Any:
    """Softmax along one axis."""
    return _along_last_axis(tf.nn.softmax, x, int(node.attributes.get("axis", -1)))


@onnx_operator("LogSoftmax", 13)
def log_softmax(node: Node, x: Any) -> Any:
    """Logarithm of the softmax along one axis."""
    return _along_last_axis(tf.nn.log_softmax, x, int(node.attributes.get("axis", -1)))


def _register_flattened(name: str, function: Callable[[Any], Any]) -> None:
    @onnx_operator(name, 1, 11)
    def flattened(node: Node, x: Any) -> Any:
        """Before opset 13: over all axes from `axis` on, as one."""
        rank = x.shape.rank
        axis = int(node.attributes.get("axis", 1)) % rank
        tail = list(x.shape[axis:])
        if sum(d != 1 for d in tail) <= 1 and len(tail) == 1:
            return _along_last_axis(function, x, axis)
        sizes = sizes_of(x)
        rows = reshaped(x, [product(sizes[:axis]), product(sizes[axis:])])
        result = tf.reshape(function(rows), tf.shape(x))
        result.set_shape(x.shape)
        return result


_register_flattened("Softmax", tf.nn.softmax)
_register_flattened("LogSoftmax", tf.nn.log_softmax)


def _register_arg(name: str, function: Callable[..., Any]) -> None:
    @onnx_operator(name, 1, 11, 12, 13)
    def arg(node: Node, x: Any) -> Any:
        """Index of the first (or last) extreme along `axis`, as int64."""
        axis = int(node.attributes.get("axis", 0)) % x.shape.rank
        if node.attributes.get("select_last_index", 0):
            last = tf.cast(axis_size(x, axis) - 1, tf.int64)
            index = last - function(tf.reverse(x, [axis]), axis, output_type=tf.int64)
        else:
            index = function(x, axis, output_type=tf.int64)
        return tf.expand_dims(index, axis) if node.attributes.get("keepdims", 1) else index


_register_arg("ArgMax", tf.argmax)
_register_arg("ArgMin", tf.argmin)


@onnx_operator("CumSum", 11, 14)
def cumulative_sum(node: Node, x: Any, axis: Any) -> Any:
    """Sum of the elements up to each one."""
    return tf.cumsum(
        x,
        int(node.fixed(axis, 1).reshape(-1)[0]) % x.shape.rank,
        exclusive=bool(node.attributes.get("exclusive", 0)),
        reverse=bool(node.attributes.get("reverse", 0)),
    )
