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
from sigfix.importing.operators.convolution import onnx_pads, tensorflow_padding
from sigfix.importing.operators.registry import Node, onnx_operator


@dataclass(frozen=True)
class Window:
    """A pooling window; `pads` are widened by `ceil_mode`, `declared` are not."""

    kernel: list[int]
    strides: list[int]
    dilations: list[int]
    pads: list[tuple[int, int]]
    declared: list[tuple[int, int]]


def _window(node: Node, x: Any) -> Window:
    kernel = list(node.attributes["kernel_shape"])
    if len(kernel) > 3:
        raise node.refuse(f"{len(kernel)}-dimensional pooling; up to 3 are supported")
    strides = list(node.attributes.get("strides") or [1] * len(kernel))
    dilations = list(node.attributes.get("dilations") or [1] * len(kernel))
    sizes = list(x.shape[2:])
    declared = pads = onnx_pads(node, sizes, kernel, strides, dilations)
    if node.attributes.get("ceil_mode", 0):
        if None in sizes:
            raise node.refuse_dynamic("ceil_mode needs a static height and width")
        extents = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
        pads = [
            (low, high + _ceil_extra(size + low + high, k, s, low + size))
            for size, k, s, (low, high) in zip(sizes, extents, strides, pads, strict=True)
        ]
    return Window(kernel, strides, dilations, pads, declared)


def _ceil_extra(padded: int, kernel: int, stride: int, last_start: int) -> int:
    """Cells to add at the end so that a last, partial window is counted.

    A window that would start in the end padding is not counted, as in ONNX and PyTorch.
    """
    windows = -(-(padded - kernel) // stride) + 1
    if (windows - 1) * stride >= last_start:
        windows -= 1
    return max((windows - 1) * stride + kernel - padded, 0)


def _bordered(x: Any, pads: list[tuple[int, int]], fill: float) -> Any:
    """Channels-last `x` with its spatial axes padded."""
    if not any(low or high for low, high in pads):
        return x
    return tf.pad(x, [[0, 0], *[list(p) for p in pads], [0, 0]], constant_values=fill)


@onnx_operator("MaxPool", 1, 8, 10, 11, 12, 22)
def max_pool(node: Node, x: Any) -> Any:
    """Largest value of each window; padding never wins. A second output says where it is."""
    if not x.dtype.is_floating:
        raise node.refuse("only float tensors are supported")
    window, sizes = _window(node, x), list(x.shape[2:])
    x = layout.channels_last(x)
    if node.output_count > 1:
        if None in x.shape[1:]:
            raise node.refuse_dynamic("the places of the largest values need static sizes")
        by_column = bool(node.attributes.get("storage_order", 0))
        return tuple(map(layout.channels_first, _max_and_place(x, window, by_column)))
    # TensorFlow.js has no dilated pooling, and its three-dimensional one is wrong on wasm.
    if max(window.dilations) > 1 or len(window.kernel) == 3:
        if None in sizes:
            raise node.refuse_dynamic("a dilated or three-dimensional window needs static sizes")
        return layout.channels_first(_sliced_max(_bordered(x, window.pads, x.dtype.min), window))
    ones = window.dilations
    padding = tensorflow_padding(window.pads, sizes, window.kernel, window.strides, ones)
    if isinstance(padding, list):  # TensorFlow.js pools with SAME and VALID only
        x, padding = _bordered(x, window.pads, x.dtype.min), "VALID"
    return layout.channels_first(tf.nn.max_pool(x, window.kernel, window.strides, padding))


def _cells(x: Any, window: Window) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Each cell of the window, and what it sees: one strided slice of what is padded already."""
    axes = list(zip(x.shape[1:-1], window.kernel, window.strides, window.dilations, strict=True))
    counts = [(size - (k - 1) * d - 1) // s + 1 for size, k, s, d in axes]
    for cell in itertools.product(*(range(k) for k in window.kernel)):
        starts = [place * d for place, d in zip(cell, window.dilations, strict=True)]
        spans = [
            slice(start, start + (count - 1) * s + 1, s)
            for start, count, s in zip(starts, counts, window.strides, strict=True)
        ]
        where = (slice(None), *spans, slice(None))
        yield cell, x[where]


def _sliced_max(x: Any, window: Window) -> Any:
    """The largest of one strided slice for each cell of the window."""
    return functools.reduce(tf.maximum, (seen for _, seen in _cells(x, window)))


def _max_and_place(x: Any, window: Window, by_column: bool) -> tuple[Any, Any]:
    """The largest value of each window of [N, ..., C], and its place in ONNX's flattened input.

    The first of several that are equal is taken. Within an image and channel places are counted
    row by row, or with `by_column` from the first spatial axis on.
    """
    sizes, channels = list(x.shape[1:-1]), int(x.shape[-1])
    turn = 1 if by_column else -1
    within = [1, *np.cumprod(sizes[::turn])[:-1]][::turn]  # what a step along an axis adds
    best = place = None
    for cell, seen in _cells(_bordered(x, window.pads, x.dtype.min), window):
        where = np.zeros([1, *seen.shape[1:-1], 1], np.int32)
        for axis, (size, step) in enumerate(zip(sizes, within, strict=True)):
            first = cell[axis] * window.dilations[axis] - window.pads[axis][0]
            along = first + np.arange(seen.shape[1 + axis]) * window.strides[axis]
            inside = np.clip(along, 0, size - 1) * step  # padding has no place, and never wins
            where = where + inside.reshape([-1 if i == 1 + axis else 1 for i in range(where.ndim)])
        here = tf.constant(where.astype(np.int32))
        place = here if best is None else tf.where(seen > best, here, place)
        best = seen if best is None else tf.maximum(best, seen)
    images = tf.range(tf.shape(x)[0]) if x.shape[0] is None else tf.range(int(x.shape[0]))
    ones = [1] * len(sizes)
    before = tf.reshape(images, [-1, *ones, 1]) * channels + tf.range(channels)
    return best, tf.cast(place + before * int(np.prod(sizes)), tf.int64)


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
    mean = tf.nn.avg_pool(_bordered(x, window.pads, 0.0), kernel, strides, "VALID")
    share = _counted_share(bool(node.attributes.get("count_include_pad", 0)), sizes, window)
    if share is not None:
        mean = mean * tf.constant(share.astype(x.dtype.as_numpy_dtype))
    return layout.channels_first(mean)


def _open_mean(node: Node, x: Any, window: Window) -> Any:
    """The mean of each window where sizes are dynamic: of the sum, what counts is counted too."""
    kernel, strides = window.kernel, window.strides
    mean = tf.nn.avg_pool(_bordered(x, window.pads, 0.0), kernel, strides, "VALID")
    if node.attributes.get("count_include_pad", 0):
        if window.pads != window.declared:
            raise node.refuse_dynamic("ceil_mode needs a static height and width")
        return mean
    ones = tf.ones_like(x[:1, ..., :1])
    share = tf.nn.avg_pool(_bordered(ones, window.pads, 0.0), kernel, strides, "VALID")
    return mean / share


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
