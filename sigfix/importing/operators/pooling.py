"""Max, average and global pooling in one to three dimensions, as channels-last kernels."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.open_sizes import sizes_of
from sigfix.importing.operators.convolution import (
    Pads,
    bordered,
    onnx_pads,
    tensorflow_padding,
)
from sigfix.importing.operators.quantisation import as_whole, with_whole
from sigfix.importing.operators.registry import Node, onnx_operator


@dataclass(frozen=True)
class Window:
    """A pooling window; `pads` are widened by `ceil_mode`, `declared` are not.

    `counts` are the results along each axis where padding gives more of them, else None.
    """

    kernel: list[int]
    strides: list[int]
    dilations: list[int]
    pads: Pads
    declared: Pads
    counts: list[Any]

    def cut(self, y: Any) -> Any:
        """Channels-last results without those that `ceil_mode` does not count."""
        if self.counts.count(None) == len(self.counts):
            return y
        where = (slice(None), *(slice(count) for count in self.counts), slice(None))
        return y[where]


def _window(node: Node, x: Any) -> Window:
    kernel = list(node.attributes["kernel_shape"])
    if len(kernel) > 3:
        raise node.refuse(f"{len(kernel)}-dimensional pooling; up to 3 are supported")
    strides = node.by_axis("strides", len(kernel))
    dilations = node.by_axis("dilations", len(kernel))
    sizes = sizes_of(x)[2:]
    declared = pads = onnx_pads(node, sizes, kernel, strides, dilations)
    counts: list[Any] = [None] * len(kernel)
    if node.attributes.get("ceil_mode", 0):
        extents = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
        given = list(zip(sizes, extents, strides, pads, strict=True))
        pads = [(low, high + _ceil_extra(n, k, s, low, high)) for n, k, s, (low, high) in given]
        counts = [_ceil_count(n, k, s, low, high) for n, k, s, (low, high) in given]
    return Window(kernel, strides, dilations, pads, declared, counts)


def _ceil_extra(size: Any, kernel: int, stride: int, low: int, high: int) -> int:
    """Cells to add at the end so that a last, partial window is counted.

    A window that would start in the end padding is not counted, as in ONNX and PyTorch. Where the
    size is dynamic, as many are added as any size needs.
    """
    if not isinstance(size, int):
        return stride - 1
    padded = size + low + high
    windows = -(-(padded - kernel) // stride) + 1
    if (windows - 1) * stride >= low + size:
        windows -= 1
    return max((windows - 1) * stride + kernel - padded, 0)


def _ceil_count(size: Any, kernel: int, stride: int, low: int, high: int) -> Any:
    """How many windows start before the end padding, where others may be made; else None."""
    if isinstance(size, int) or high + stride - 1 < kernel:
        return None
    return (size + low + stride - 1) // stride


@onnx_operator("MaxPool", 1, 8, 10, 11, 12, 22)
def max_pool(node: Node, x: Any) -> Any:
    """Largest value of each window; padding never wins. A second output says where it is."""
    if x.dtype in (tf.int8, tf.uint8):  # as floats, which hold them exactly
        best, *place = _max_pool(node, as_whole(x, tf.float32))
        return (with_whole(best, x.dtype), *place)
    if not x.dtype.is_floating:
        raise node.refuse(f"pooling {x.dtype.name} is not supported")
    return _max_pool(node, x)


def _max_pool(node: Node, x: Any) -> tuple[Any, ...]:
    window, sizes = _window(node, x), list(x.shape[2:])
    x = layout.channels_last(x)
    if node.output_count > 1:
        by_column = bool(node.attributes.get("storage_order", 0))
        return tuple(map(layout.channels_first, _max_and_place(x, window, by_column)))
    # TensorFlow.js has no dilated pooling, and its three-dimensional one is wrong on wasm.
    if max(window.dilations) > 1 or len(window.kernel) == 3:
        seen = (cell for _, cell in _cells(bordered(x, window.pads, x.dtype.min), window))
        return (layout.channels_first(window.cut(functools.reduce(tf.maximum, seen))),)
    ones = window.dilations
    padding = tensorflow_padding(window.pads, sizes, window.kernel, window.strides, ones)
    if isinstance(padding, list):  # TensorFlow.js pools with SAME and VALID only
        x, padding = bordered(x, window.pads, x.dtype.min), "VALID"
    y = tf.nn.max_pool(x, window.kernel, window.strides, padding)
    return (layout.channels_first(window.cut(y)),)


def _cells(x: Any, window: Window) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Each cell of the window, and what it sees: one strided slice of what is padded already."""
    sizes = sizes_of(x)[1:-1]
    axes = list(zip(sizes, window.kernel, window.strides, window.dilations, strict=True))
    counts = [(size - (k - 1) * d - 1) // s + 1 for size, k, s, d in axes]
    for cell in itertools.product(*(range(k) for k in window.kernel)):
        starts = [place * d for place, d in zip(cell, window.dilations, strict=True)]
        spans = [
            slice(start, start + (count - 1) * s + 1, s)
            for start, count, s in zip(starts, counts, window.strides, strict=True)
        ]
        where = (slice(None), *spans, slice(None))
        yield cell, x[where]


def _max_and_place(x: Any, window: Window, by_column: bool) -> tuple[Any, Any]:
    """The largest value of each window of [N, ..., C], and its place in ONNX's flattened input.

    The first of several that are equal is taken. Within an image and channel places are counted
    row by row, or with `by_column` from the first spatial axis on.
    """
    images, *sizes, channels = sizes_of(x)
    order = range(len(sizes)) if by_column else reversed(range(len(sizes)))
    steps, whole = {}, 1  # what a step along each axis adds, and elements of an image's channel
    for axis in order:
        steps[axis], whole = whole, whole * sizes[axis]
    best = place = None
    for cell, seen in _cells(bordered(x, window.pads, x.dtype.min), window):
        where: Any = 0
        for axis, count in enumerate(sizes_of(seen)[1:-1]):
            first = cell[axis] * window.dilations[axis] - window.pads[axis][0]
            along = first + tf.range(count) * window.strides[axis]
            # Padding has no place, and never wins.
            inside = tf.maximum(tf.minimum(along, sizes[axis] - 1), 0) * steps[axis]
            shape = [-1 if i == 1 + axis else 1 for i in range(len(seen.shape))]
            where = where + tf.reshape(inside, shape)
        place = where if best is None else tf.where(seen > best, where, place)
        best = seen if best is None else tf.maximum(best, seen)
    ones = [1] * (len(sizes) + 1)
    before = tf.reshape(tf.range(images), [-1, *ones]) * channels + tf.range(channels)
    return window.cut(best), window.cut(tf.cast(place + before * whole, tf.int64))


@onnx_operator("AveragePool", 1, 7, 10, 11, 19, 22)
def average_pool(node: Node, x: Any) -> Any:
    """Mean of each window, over the padding too if `count_include_pad`."""
    window, sizes = _window(node, x), list(x.shape[2:])
    x = layout.channels_last(x)
    kernel, strides = window.kernel, window.strides
    padding = tensorflow_padding(window.pads, sizes, kernel, strides, window.dilations)
    if not isinstance(padding, list):
        exact = padding == "VALID" or not node.attributes.get("count_include_pad", 0)
        if exact:  # TensorFlow's SAME leaves padding out of the mean
            return layout.channels_first(tf.nn.avg_pool(x, kernel, strides, padding))
    if None in sizes:
        return layout.channels_first(_open_mean(node, x, window))
    mean = tf.nn.avg_pool(bordered(x, window.pads), kernel, strides, "VALID")
    share = _counted_share(bool(node.attributes.get("count_include_pad", 0)), sizes, window)
    if share is not None:
        mean = mean * tf.constant(share.astype(x.dtype.as_numpy_dtype))
    return layout.channels_first(mean)


def _open_mean(node: Node, x: Any, window: Window) -> Any:
    """The mean of each window where sizes are dynamic: of the sum, what counts is counted too."""
    kernel, strides = window.kernel, window.strides
    mean = tf.nn.avg_pool(bordered(x, window.pads), kernel, strides, "VALID")
    includes = bool(node.attributes.get("count_include_pad", 0))
    if includes and window.pads is window.declared:
        return mean
    counted, around = tf.ones_like(x[:1, ..., :1]), window.pads
    if includes:  # what is padded, but not what `ceil_mode` adds
        counted = bordered(counted, window.declared, 1.0)
        around = [
            (0, high - own) for (_, high), (_, own) in zip(around, window.declared, strict=True)
        ]
    share = tf.nn.avg_pool(bordered(counted, around), kernel, strides, "VALID")
    return window.cut(mean / share)


def _counted_share(
    pads_count: bool, sizes: list[int], window: Window
) -> np.ndarray[Any, Any] | None:
    """Window size divided by the cells that count in it, [1, ..., 1]; None where always 1."""
    share = np.ones(())
    for size, k, s, (low, high), (_, given) in zip(
        sizes, window.kernel, window.strides, window.pads, window.declared, strict=True
    ):
        counted = np.zeros(low + size + high)
        if pads_count:
            counted[: low + size + given] = 1
        else:
            counted[low : low + size] = 1
        starts = range(0, len(counted) - k + 1, s)
        share = np.multiply.outer(share, np.array([counted[i : i + k].sum() / k for i in starts]))
    return None if (share == 1).all() else 1 / share[None, ..., None]


def _register_global(name: str, function: Any) -> None:
    @onnx_operator(name, 1, 22)
    def pool(node: Node, x: Any) -> Any:
        """[N, C, ...] -> [N, C, 1, ...]."""
        x = layout.channels_last(x)
        return layout.channels_first(function(x, list(range(1, x.shape.rank - 1)), keepdims=True))


_register_global("GlobalAveragePool", tf.reduce_mean)
_register_global("GlobalMaxPool", tf.reduce_max)


@onnx_operator("LpPool", 2, 11, 18, 22)
def lp_pool(node: Node, x: Any) -> Any:
    """The p-norm of each window; what is padded is 0."""
    window, p = _window(node, x), int(node.attributes.get("p", 2))
    powers = bordered(layout.channels_last(_power(x, p)), window.pads)
    if max(window.dilations) > 1 or len(window.kernel) == 3:
        total = functools.reduce(tf.add, (cell for _, cell in _cells(powers, window)))
    else:
        mean = tf.nn.avg_pool(powers, window.kernel, window.strides, "VALID")
        total = mean * float(np.prod(window.kernel))
    return layout.channels_first(_root(window.cut(total), p))


@onnx_operator("GlobalLpPool", 2, 22)
def global_lp_pool(node: Node, x: Any) -> Any:
    """[N, C, ...] -> [N, C, 1, ...], the p-norm of each image and channel."""
    p = int(node.attributes.get("p", 2))
    powers = layout.channels_last(_power(x, p))
    axes = list(range(1, powers.shape.rank - 1))
    return layout.channels_first(_root(tf.reduce_sum(powers, axes, keepdims=True), p))


def _power(x: Any, p: int) -> Any:
    if p == 2:
        return layout.elementwise(tf.square, x)
    return layout.elementwise(lambda a: tf.pow(tf.abs(a), float(p)) if p > 1 else tf.abs(a), x)


def _root(x: Any, p: int) -> Any:
    return x if p == 1 else tf.sqrt(x) if p == 2 else tf.pow(x, 1.0 / p)
