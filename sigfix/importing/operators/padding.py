"""Pad: constant, reflected, repeated or wrapped borders, and negative ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.open_sizes import sizes_of
from sigfix.importing.operators.registry import Node, onnx_operator
from sigfix.importing.static_values import as_array, elements_of
from sigfix.optimising.graph.permutations import inverse

# numpy's name of each way to fill a border with the tensor's own elements.
OWN_ELEMENTS = {"reflect": "reflect", "edge": "edge", "wrap": "wrap"}


@onnx_operator("Pad", 2, 11, 13, 18, 19, 21, 23)
def pad(node: Node, x: Any, pads: Any = None, value: Any = None, axes: Any = None) -> Any:
    """Borders of `pads` = [begin of each axis..., end of each axis...]; negative ones are cut."""
    mode = node.text("mode", "constant")
    if mode != "constant" and mode not in OWN_ELEMENTS:
        raise node.refuse(f"mode {mode} is not supported")
    if pads is not None and as_array(pads) is None:
        return _computed(node, x, pads, value, axes, mode)
    borders = _borders(node, x, pads, axes)
    source, permutation = layout.look_through(x) or (x, tuple(range(x.shape.rank)))
    borders = [borders[axis] for axis in inverse(permutation)]
    if mode == "constant":
        fill = node.attributes.get("value", 0.0)
        if value is not None:
            fill = node.constant(value, "fill value").item()
        padded = _filled(_cut(source, borders), [(max(a, 0), max(b, 0)) for a, b in borders], fill)
    else:
        padded = _with_own_elements(source, borders, mode)
    return layout.transpose(padded, permutation)


def _borders(node: Node, x: Any, pads: Any, axes: Any) -> list[tuple[int, int]]:
    """(before, after) of every axis."""
    rank = x.shape.rank
    given = node.attributes["pads"] if pads is None else node.constant(pads, "pads").tolist()
    along = list(range(rank)) if axes is None else node.fixed(axes, 3).tolist()
    borders = [(0, 0)] * rank
    for place, axis in enumerate(along):
        borders[axis % rank] = (int(given[place]), int(given[place + len(along)]))
    return borders


def _computed(node: Node, x: Any, pads: Any, value: Any, axes: Any, mode: str) -> Any:
    """Borders that are computed: none may be negative, which TensorFlow says while it runs."""
    if mode not in ("constant", "reflect"):
        raise node.refuse_dynamic(f"the borders of mode {mode} must be static")
    elements, rank = elements_of(pads), x.shape.rank
    along = list(range(rank)) if axes is None else node.fixed(axes, 3).tolist()
    if elements is None or len(elements) != 2 * len(along):
        raise node.refuse_dynamic("the number of its borders is dynamic")
    borders: list[list[Any]] = [[0, 0] for _ in range(rank)]
    for place, axis in enumerate(along):
        borders[axis % rank] = [elements[place], elements[place + len(along)]]
    table = tf.stack([tf.stack(pair) for pair in borders])
    if mode == "reflect":
        return tf.pad(x, table, mode="REFLECT")
    fill = 0.0 if value is None else node.constant(value, "fill value").item()
    made = tf.pad(x, table, constant_values=tf.cast(fill, x.dtype))
    made.set_shape(
        [s if pair == [0, 0] else None for s, pair in zip(x.shape, borders, strict=True)]
    )
    return made


def _cut(x: Any, borders: list[tuple[int, int]]) -> Any:
    if all(a >= 0 and b >= 0 for a, b in borders):
        return x
    return x[tuple(slice(max(-a, 0), b if b < 0 else None) for a, b in borders)]


def _filled(x: Any, borders: list[tuple[int, int]], fill: Any) -> Any:
    if not any(a or b for a, b in borders):
        return x
    if x.dtype == tf.bool:
        return tf.cast(tf.pad(tf.cast(x, tf.int32), borders, constant_values=int(fill)), tf.bool)
    return tf.pad(x, borders, constant_values=fill)


def _with_own_elements(x: Any, borders: list[tuple[int, int]], mode: str) -> Any:
    sizes = list(x.shape)
    if any((a or b) and s is None for s, (a, b) in zip(sizes, borders, strict=True)):
        if mode == "reflect" and min(min(pair) for pair in borders) >= 0 and x.shape.rank <= 4:
            return tf.pad(x, borders, mode="REFLECT")
        return _by_places(x, borders, mode)
    reflected = mode == "reflect" and all(
        not (a or b) or 0 <= min(a, b) <= max(a, b) < s
        for s, (a, b) in zip(sizes, borders, strict=True)
    )
    if reflected and 3 <= len(sizes) <= 4 and x.dtype == tf.float32:
        return tf.pad(x, borders, mode="REFLECT")
    for axis, (size, (before, after)) in enumerate(zip(sizes, borders, strict=True)):
        if before or after:
            kept = np.arange(size)[max(-before, 0) : after if after < 0 else None]
            index = np.pad(kept, (max(before, 0), max(after, 0)), OWN_ELEMENTS[mode])  # type: ignore[call-overload]
            x = tf.gather(x, tf.constant(index.astype(np.int32)), axis=axis)
    return x


def _by_places(x: Any, borders: list[tuple[int, int]], mode: str) -> Any:
    """Borders of own elements along axes of any size, by the place that each is taken from."""
    for axis, (size, (before, after)) in enumerate(zip(sizes_of(x), borders, strict=True)):
        if not before and not after:
            continue
        first, last = max(-before, 0), size + min(after, 0) - 1
        place = tf.range(max(before, 0) * -1, last - first + 1 + max(after, 0))
        kept = last - first + 1
        if mode == "edge":
            place = tf.maximum(tf.minimum(place, kept - 1), 0)
        elif mode == "wrap":
            place = tf.math.floormod(place, kept)
        else:  # there and back again, without the elements at the ends twice
            turn = tf.maximum(2 * (kept - 1), 1)
            place = tf.math.floormod(place, turn)
            place = tf.minimum(place, turn - place)
        x = tf.gather(x, place + first, axis=axis)
    return x
