"""Operators that compare, choose, repeat, split and scatter."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.operators.constants import tensorflow_dtype
from sigfix.importing.operators.quantisation import QUANTISED, as_whole
from sigfix.importing.operators.registry import Node, onnx_operator
from sigfix.importing.static_values import as_array, known_elements

# Element-wise operators of two inputs: (ONNX name, since-versions, function).
BINARY: tuple[tuple[str, tuple[int, ...], Any], ...] = (
    ("Equal", (7, 11, 13, 19), tf.equal),
    ("Greater", (7, 9, 13), tf.greater),
    ("GreaterOrEqual", (12, 16), tf.greater_equal),
    ("Less", (7, 9, 13), tf.less),
    ("LessOrEqual", (12, 16), tf.less_equal),
    ("And", (7,), tf.logical_and),
    ("Or", (7,), tf.logical_or),
    ("Xor", (7,), tf.math.logical_xor),
)


def _register_binary(name: str, versions: tuple[int, ...], function: Any) -> None:
    @onnx_operator(name, *versions)
    def binary(node: Node, a: Any, b: Any) -> Any:
        return layout.elementwise(function, a, b)


for _name, _versions, _function in BINARY:
    _register_binary(_name, _versions, _function)


@onnx_operator("Not", 1)
def negate(node: Node, x: Any) -> Any:
    """The opposite of a boolean."""
    return layout.elementwise(tf.logical_not, x)


@onnx_operator("Pow", 7, 12, 13, 15)
def power(node: Node, x: Any, exponent: Any) -> Any:
    """x to the power of `exponent`, in the dtype of x; a square is a square.

    Of a whole number to the power of a fraction the whole part is kept.
    """
    value = as_array(exponent)
    if value is not None and value.size == 1 and value.item() == 2 and x.dtype.is_floating:
        return layout.elementwise(tf.square, x)
    is_whole = value is not None and bool(((value >= 0) & (value % 1 == 0)).all())
    if x.dtype.is_integer and exponent.dtype.is_floating and not is_whole:
        return layout.elementwise(
            lambda a, b: tf.cast(tf.pow(tf.cast(a, b.dtype), b), x.dtype), x, exponent
        )
    return layout.elementwise(tf.pow, x, tf.cast(exponent, x.dtype))


@onnx_operator("Where", 9, 16)
def where(node: Node, condition: Any, a: Any, b: Any) -> Any:
    """a where the condition holds, b elsewhere; all three broadcast.

    A mask that masks nothing, as a decoder's first steps have it, is left out.
    """
    known = as_array(condition)
    if known is not None and known.size and (known.all() or not known.any()):
        chosen, other = (a, b) if known.any() else (b, a)
        if _covers(chosen, known.shape) and _covers(chosen, other.shape):
            return chosen
    return layout.elementwise(tf.where, condition, a, b)


def _covers(x: Any, shape: Any) -> bool:
    """Whether broadcasting x to `shape` changes nothing, whatever the batch."""
    sizes = list(shape)
    own = list(x.shape)[-len(sizes) :] if sizes else []
    return len(own) == len(sizes) and all(
        s == 1 or (s is not None and s == o) for s, o in zip(sizes, own, strict=True)
    )


def _target(node: Node, x: Any, shape: Any) -> list[int | None] | None:
    """Broadcast shape of x and `shape`, None for each dimension that the batch decides.

    Of a size of x that is known and not 1, nothing else can come.
    """
    wanted = known_elements(shape)
    if wanted is None or x.shape.rank is None:
        return None
    rank = max(len(wanted), x.shape.rank)
    one: list[int | None] = [1]
    own = one * (rank - x.shape.rank) + list(x.shape)
    wanted = one * (rank - len(wanted)) + wanted
    return [
        o if w == 1 or (w is None and o not in (None, 1)) else w
        for o, w in zip(own, wanted, strict=True)
    ]


@onnx_operator("Expand", 8, 13)
def expand(node: Node, x: Any, shape: Any) -> Any:
    """Broadcast x and `shape` with each other; nothing where that changes nothing."""
    target = _target(node, x, shape)
    if target is not None and None not in target and list(x.shape) == target:
        return x
    wanted = tf.cast(shape, tf.int32)
    if target is None:
        return tf.broadcast_to(x, tf.broadcast_dynamic_shape(tf.shape(x), wanted))
    if None not in target:
        return tf.broadcast_to(x, target)
    own = list(x.shape)
    pad = len(target) - len(own)
    parts: list[Any] = []
    for axis, size in enumerate(target):
        given = axis - (len(target) - shape.shape[0])
        if size is not None:
            parts.append(size)
        elif axis >= pad and own[axis - pad] is None:
            parts.append(tf.shape(x)[axis - pad])
        else:
            parts.append(wanted[given])
    result = tf.broadcast_to(x, tf.stack(parts))
    result.set_shape(target)
    return result


@onnx_operator("Tile", 6, 13)
def tile(node: Node, x: Any, repeats: Any) -> Any:
    """Repeat along each axis."""
    known = as_array(repeats)
    if known is not None and (known == 1).all():
        return x
    return tf.tile(x, tf.cast(repeats, tf.int32))


@onnx_operator("Range", 11)
def counting(node: Node, start: Any, limit: Any, delta: Any) -> Any:
    """start, start + delta, ... below `limit`; TensorFlow counts in no type below int32."""
    ends = [tf.reshape(value, []) for value in (start, limit, delta)]
    if ends[0].dtype != tf.int16:
        return tf.range(*ends)
    return tf.cast(tf.range(*(tf.cast(value, tf.int32) for value in ends)), tf.int16)


@onnx_operator("Split", 1, 2, 11, 13, 18)
def split(node: Node, x: Any, sizes: Any = None) -> Any:
    """Cut along `axis` into pieces of the given sizes, or into equal ones."""
    axis = int(node.attributes.get("axis", 0)) % x.shape.rank
    given = node.attributes.get("split")
    if sizes is not None:
        given = node.fixed(sizes, 1).reshape(-1).tolist()
    total, count = x.shape[axis], node.output_count
    if not given:
        if total is None:
            return _equal_pieces(x, axis, count)
        piece = -(-total // count)
        given = [max(min(piece, total - piece * place), 0) for place in range(count)]
    if 0 in given:
        return _with_empty_pieces(x, axis, [int(g) for g in given])
    source, permutation = layout.look_through(x) or (x, tuple(range(x.shape.rank)))
    pieces = tf.split(source, [int(g) for g in given], permutation[axis])
    return tuple(layout.transpose(p, permutation) for p in pieces)


def _with_empty_pieces(x: Any, axis: int, sizes: list[int]) -> tuple[Any, ...]:
    """Pieces of these sizes, some of which are empty, each as a slice."""
    ends = list(itertools.accumulate(sizes))
    before = (slice(None),) * axis
    places = [(*before, slice(end - n, end)) for end, n in zip(ends, sizes, strict=True)]
    return tuple(x[place] for place in places)


def _equal_pieces(x: Any, axis: int, count: int) -> tuple[Any, ...]:
    """Pieces of an axis whose length is dynamic; the last may be shorter."""
    total = tf.shape(x)[axis]
    piece = (total + count - 1) // count
    cuts = [tf.minimum(piece * i, total) for i in range(count + 1)]
    before = (slice(None),) * axis
    return tuple(x[before + (slice(a, b),)] for a, b in itertools.pairwise(cuts))  # noqa: RUF005


@onnx_operator("Cast", 6, 9, 13, 19, 21, 23)
def cast(node: Node, x: Any) -> Any:
    """To another dtype, as ONNX Runtime does: fractions towards zero, anything but 0 is true."""
    return _cast(node, x, tensorflow_dtype(node.attributes["to"]))


@onnx_operator("CastLike", 15, 19, 21, 23)
def cast_like(node: Node, x: Any, like: Any) -> Any:
    """To the dtype of another tensor, whose values do not matter."""
    return _cast(node, x, tf.dtypes.as_dtype(like.dtype))


def _cast(node: Node, x: Any, target: tf.DType) -> Any:
    if tf.string in (target, x.dtype):
        raise node.refuse("text is not supported")
    value = as_array(x)
    if value is not None:
        return tf.constant(value.astype(target.as_numpy_dtype))
    if target.is_floating and hasattr(x, QUANTISED):
        return as_whole(x, target)
    return x if x.dtype == target else layout.elementwise(lambda t: tf.cast(t, target), x)


@onnx_operator("Trilu", 14)
def triangle(node: Node, x: Any, diagonal: Any = None) -> Any:
    """The upper (or lower) triangle of the last two axes, zero elsewhere."""
    rows, columns = x.shape[-2:]
    offset = 0 if diagonal is None else int(node.fixed(diagonal, 1).reshape(-1)[0])
    if rows is None or columns is None:
        own = tf.shape(x)
        place = tf.range(own[-1])[None, :] - tf.range(own[-2])[:, None]
        kept = place >= offset if node.attributes.get("upper", 1) else place <= offset
        return tf.where(kept, x, tf.zeros([], x.dtype))
    place = np.arange(columns)[None, :] - np.arange(rows)[:, None]
    inside = place >= offset if node.attributes.get("upper", 1) else place <= offset
    return tf.where(tf.constant(inside), x, tf.zeros([], x.dtype))
