"""ConvTranspose as the gradient of an NHWC convolution."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.open_sizes import known_only, sizes_of
from sigfix.importing.operators.convolution import (
    Padding,
    constant_kernel,
    finished,
    tensorflow_padding,
)
from sigfix.importing.operators.registry import Node, onnx_operator
from sigfix.importing.static_values import shared_constant

Pads = list[tuple[int, int]]


@onnx_operator("ConvTranspose", 1, 11, 22)
def transposed_convolution(node: Node, x: Any, weights: Any, bias: Any = None) -> Any:
    """[N, C, H, W] * [C, M/group, kh, kw] -> [N, M, H', W'], or one or three spatial axes."""
    kernel, spatial = constant_kernel(node, weights, most=3)
    sizes = sizes_of(x)[2:]
    strides = node.by_axis("strides", spatial)
    kernel = _dilated(kernel, node.by_axis("dilations", spatial))
    extent, pads = _geometry(node, sizes, kernel.shape[2:], strides)
    x = layout.channels_last(x)
    if spatial == 1:  # a row of height one
        kernel, x = kernel[:, :, None, :], x[:, None, :, :]
        strides, extent, pads = [1, *strides], [1, *extent], [(0, 0), *pads]
    group = int(node.attributes.get("group", 1))
    parts = [x] if group == 1 else tf.split(x, group, axis=-1)
    kernels = np.split(kernel, group, axis=0)
    gradient = _volume_gradient if spatial == 3 else _gradient
    made = [gradient(p, k, strides, extent, pads) for p, k in zip(parts, kernels, strict=True)]
    y = made[0] if group == 1 else tf.concat(made, -1)
    return finished(node, y, bias, spatial)


def _dilated(kernel: np.ndarray[Any, Any], dilations: list[int]) -> np.ndarray[Any, Any]:
    """The kernel with zeros between its cells: no gradient kernel of TensorFlow.js is dilated."""
    for axis, dilation in enumerate(dilations, start=2):
        shape = list(kernel.shape)
        shape[axis] = (shape[axis] - 1) * dilation + 1
        spread = np.zeros(shape, kernel.dtype)
        spread[(slice(None),) * axis + (slice(None, None, dilation),)] = kernel
        kernel = spread
    return kernel


def _geometry(
    node: Node, sizes: Sequence[Any], kernel: Sequence[int], strides: Sequence[int]
) -> tuple[list[Any], Pads]:
    """Output extent, and what is cut off the full result, by the formulas of ONNX.

    Sizes that are dynamic are scalars of the graph, and so are extents then.

    A negative pad adds zeros: output_padding beyond what the kernel reaches.
    """
    rank = len(sizes)
    extra = list(node.attributes.get("output_padding") or [0] * rank)
    wanted = node.attributes.get("output_shape")
    full = [s * (n - 1) + k + e for s, n, k, e in zip(strides, sizes, kernel, extra, strict=True)]
    mode = node.text("auto_pad", "NOTSET")
    if wanted is None and mode not in ("SAME_UPPER", "SAME_LOWER"):
        raw = node.attributes.get("pads") or [0] * (2 * rank)
        pads = [(int(raw[i]), int(raw[i + rank])) for i in range(rank)]
        extent = [f - low - high for f, (low, high) in zip(full, pads, strict=True)]
    else:
        if wanted is None:  # what is cut off is the same whatever the sizes are
            extent = [n * s for n, s in zip(sizes, strides, strict=True)]
            totals = [k + e - s for k, e, s in zip(kernel, extra, strides, strict=True)]
        else:  # sizes are static: `preflight_sizes.py`
            extent = [int(e) for e in wanted[-rank:]]
            totals = [f - e for f, e in zip(full, extent, strict=True)]
        # An odd cell is cut at the end with SAME_UPPER, at the beginning otherwise.
        lower = [t // 2 if mode == "SAME_UPPER" else t - t // 2 for t in totals]
        pads = [(low, t - low) for t, low in zip(totals, lower, strict=True)]
    return extent, [(low, high - e) for (low, high), e in zip(pads, extra, strict=True)]


def _gradient(
    x: Any, kernel: np.ndarray[Any, Any], strides: list[int], extent: list[Any], pads: Pads
) -> Any:
    """The transposed convolution of one group, [N, *extent, M]."""
    added = [(max(-low, 0), max(-high, 0)) for low, high in pads]
    inner = [e - a - b if a or b else e for e, (a, b) in zip(extent, added, strict=True)]
    cut = [(max(low, 0), max(high, 0)) for low, high in pads]
    y = tf.nn.conv2d_transpose(
        x,
        shared_constant(kernel.transpose(2, 3, 1, 0)),
        [tf.shape(x)[0], *inner, kernel.shape[1]],
        strides,
        padding=_gradient_padding(inner, cut, kernel.shape[2:], strides, list(x.shape[1:3])),
    )
    y.set_shape([x.shape[0], *known_only(inner), kernel.shape[1]])
    return tf.pad(y, [(0, 0), *added, (0, 0)]) if any(map(any, added)) else y


def _static(sizes: Sequence[Any]) -> bool:
    return None not in known_only(sizes)


def _volume_gradient(
    x: Any, kernel: np.ndarray[Any, Any], strides: list[int], extent: list[int], pads: Pads
) -> Any:
    """`_gradient` in three dimensions: a sum over the kernel's depth, as Conv has it.

    Each place of that depth takes every layer of `x` to a layer of the result, `strides[0]` apart.
    """
    depth, (before, _), step = x.shape[1], pads[0], strides[0]
    planes = tf.reshape(x, [-1, *x.shape[2:]])
    terms = []
    for place in range(kernel.shape[2]):
        part = kernel[:, :, place]
        first, last = place - before, place - before + depth * step
        if not part.any() or last <= 0 or first >= extent[0]:
            continue  # between the cells of a dilated kernel, or cut off
        y = _gradient(planes, part, strides[1:], extent[1:], pads[1:])
        layers = tf.reshape(y, [-1, depth, 1, np.prod(y.shape[1:])])
        if step > 1:
            layers = tf.pad(layers, [(0, 0), (0, 0), (0, step - 1), (0, 0)])
        layers = tf.reshape(layers, [-1, depth * step, layers.shape[3]])
        kept = layers[:, max(-first, 0) : depth * step - max(last - extent[0], 0)]
        terms.append(tf.pad(kept, [(0, 0), (max(first, 0), max(extent[0] - last, 0)), (0, 0)]))
    if not terms:
        return tf.zeros([tf.shape(x)[0], *extent, kernel.shape[1]], x.dtype)
    return tf.reshape(functools.reduce(tf.add, terms), [-1, *extent, kernel.shape[1]])


def _gradient_padding(
    extent: Sequence[Any],
    pads: Pads,
    kernel: Sequence[int],
    strides: Sequence[int],
    sizes: Sequence[int | None],
) -> Padding:
    """Padding of the convolution whose gradient this is, over an image of `extent`."""
    padding = tensorflow_padding(pads, known_only(extent), kernel, strides, [1, 1])
    if not _static(extent):
        return padding
    reached = [-(-e // s) for e, s in zip(extent, strides, strict=True)]
    if padding == "SAME" and reached != list(sizes):
        return [[0, 0], *[list(p) for p in pads], [0, 0]]
    return padding
