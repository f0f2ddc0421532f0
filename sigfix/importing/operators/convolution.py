"""Conv, as an NHWC kernel.

Padding follows ONNX's `pads` = [begin of each spatial axis..., end of each spatial axis...].
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.open_sizes import known_only, sizes_of
from sigfix.importing.operators.registry import Node, onnx_operator
from sigfix.importing.static_values import shared_constant

Padding = str | list[list[int]]
Pads = list[tuple[Any, Any]]
"""(before, after) of each spatial axis: numbers, or int32 scalars where a size is dynamic."""


def same_padding(size: Any, kernel: int, stride: int, dilation: int) -> tuple[Any, Any]:
    """What TensorFlow's SAME adds before and after an axis of `size` (a number, or a scalar)."""
    output = (size + stride - 1) // stride
    total = (output - 1) * stride + (kernel - 1) * dilation + 1 - size
    total = max(total, 0) if isinstance(total, int) else tf.maximum(total, 0)
    return total // 2, total - total // 2


def are_static(pads: Pads) -> bool:
    """Whether all are numbers."""
    return all(None not in known_only(pair) for pair in pads)


def bordered(x: Any, pads: Pads, fill: float = 0.0) -> Any:
    """Channels-last `x` with its spatial axes padded."""
    if are_static(pads) and not any(low or high for low, high in pads):
        return x
    return tf.pad(x, [[0, 0], *[list(p) for p in pads], [0, 0]], constant_values=fill)


def onnx_pads(
    node: Node,
    sizes: Sequence[Any],
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
) -> Pads:
    """(before, after) of each spatial axis, from `pads` or `auto_pad`.

    Of `sizes` those that are dynamic are int32 scalars.
    """
    rank = len(kernel)
    mode = node.text("auto_pad", "NOTSET")
    if mode in ("NOTSET", ""):
        pads = node.attributes.get("pads") or [0] * (2 * rank)
        return [(int(pads[i]), int(pads[i + rank])) for i in range(rank)]
    if mode == "VALID":
        return [(0, 0)] * rank
    result = []
    for size, k, s, d in zip(sizes, kernel, strides, dilations, strict=True):
        size = 1 if s == 1 else size  # with a stride of one any size is padded alike
        low, high = same_padding(size, k, s, d)
        result.append((low, high) if mode == "SAME_UPPER" else (high, low))
    return result


def tensorflow_padding(
    pads: Pads,
    sizes: Sequence[int | None],
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
) -> Padding:
    """VALID or SAME where these mean the same, else explicit padding for NHWC."""
    if not are_static(pads):
        return [[0, 0], *[list(pad) for pad in pads], [0, 0]]
    if not any(low or high for low, high in pads):
        return "VALID"
    if None not in sizes and all(
        same_padding(size or 0, k, s, d) == tuple(pad)
        for size, k, s, d, pad in zip(sizes, kernel, strides, dilations, pads, strict=True)
    ):
        return "SAME"
    return [[0, 0], *[list(pad) for pad in pads], [0, 0]]


@onnx_operator("Conv", 1, 11, 22)
def convolution(node: Node, x: Any, weights: Any, bias: Any = None) -> Any:
    """[N, C, H, W] * [M, C/group, kh, kw] -> [N, M, H', W'], or with one or three spatial axes."""
    kernel, spatial = constant_kernel(node, weights, most=3)
    strides = node.by_axis("strides", spatial)
    dilations = node.by_axis("dilations", spatial)
    pads = onnx_pads(node, sizes_of(x)[2:], kernel.shape[2:], strides, dilations)
    x = layout.channels_last(x)
    if not are_static(pads):
        x, pads = bordered(x, pads), [(0, 0)] * spatial
    sizes = list(x.shape[1:-1])
    if spatial == 3:
        added = None if bias is None else node.constant(bias, "bias")
        y = _convolve_volume(node, x, kernel, added, strides, dilations, pads, sizes)
        return layout.channels_first(y)
    if spatial == 1:  # a row of height one
        kernel, x = kernel[:, :, None, :], x[:, None, :, :]
        strides, dilations, pads, sizes = (
            [1, *strides],
            [1, *dilations],
            [(0, 0), *pads],
            [1, *sizes],
        )
    y = _convolve_nhwc(node, x, kernel, strides, dilations, pads, sizes)
    return finished(node, y, bias, spatial)


def constant_kernel(node: Node, weights: Any, most: int = 2) -> tuple[np.ndarray[Any, Any], int]:
    """The kernel [., ., kh, kw] (or with another number of axes), and its number of spatial axes.

    Raises `ConversionError` for more than `most`, and for weights that are no constant.
    """
    kernel = node.constant(weights, "weights")
    spatial = kernel.ndim - 2
    if not 1 <= spatial <= most:
        raise node.refuse(f"{spatial}-dimensional convolution; 1 to {most} are supported")
    return kernel, spatial


def finished(node: Node, y: Any, bias: Any, spatial: int) -> Any:
    """A convolution's NHWC result with its bias, as ONNX has it; [N, C, L] for one axis."""
    if bias is not None:
        y = tf.nn.bias_add(y, shared_constant(node.constant(bias, "bias")))
    if spatial == 1:
        y = tf.squeeze(y, [1])
    return layout.channels_first(y)


def _convolve_nhwc(
    node: Node,
    x: Any,
    kernel: np.ndarray[Any, Any],
    strides: list[int],
    dilations: list[int],
    pads: Pads,
    sizes: list[int | None],
) -> Any:
    group = int(node.attributes.get("group", 1))
    channels = kernel.shape[1] * group
    depthwise = group > 1 and kernel.shape[1] == 1
    steps, kept = _kernel_strides(kernel.shape[2:], strides, dilations, pads, sizes, depthwise)
    padding = tensorflow_padding(pads, sizes, kernel.shape[2:], steps, dilations)
    if kept != [1, 1] and padding == "SAME":  # SAME of a smaller stride hides what is padded
        padding = [[0, 0], *[list(pad) for pad in pads], [0, 0]]
    if depthwise:
        # ONNX orders output channels by group first, as TensorFlow orders [channel, multiplier].
        multiplier = kernel.shape[0] // channels
        weights = kernel.reshape(channels, multiplier, *kernel.shape[2:]).transpose(2, 3, 0, 1)
        if isinstance(padding, list):
            # TensorFlow 2.19 aborts when it fuses a depthwise kernel with explicit padding.
            x, padding = tf.pad(x, padding), "VALID"
        y = tf.nn.depthwise_conv2d(
            x, shared_constant(weights), [1, *steps, 1], padding, dilations=dilations
        )
    else:
        parts = [x] if group == 1 else tf.split(x, group, axis=-1)
        made = [
            tf.nn.conv2d(
                p, shared_constant(k.transpose(2, 3, 1, 0)), steps, padding, dilations=dilations
            )
            for p, k in zip(parts, np.split(kernel, group, axis=0), strict=True)
        ]
        y = made[0] if group == 1 else tf.concat(made, axis=-1)
    return y if kept == [1, 1] else y[:, :: kept[0], :: kept[1], :]


def _kernel_strides(
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    pads: Sequence[tuple[int, int]],
    sizes: Sequence[int | None],
    depthwise: bool,
) -> tuple[list[int], list[int]]:
    """The strides that a kernel is given, and which of its rows and columns are then kept.

    TensorFlow's own depthwise kernel takes equal strides alone: only oneDNN's takes others, which
    TensorFlow switches on by itself on some processors. No kernel of TensorFlow.js is both
    strided and dilated. What such a kernel cannot do is done by keeping every n-th result.
    """
    steps = list(strides)
    if max(dilations) > 1 and max(strides) > 1:
        steps = [1, 1]
    elif depthwise and steps[0] != steps[1]:
        alone = [  # the kernel fits once, so that any stride gives the same
            size is not None and size + low + high == (k - 1) * d + 1
            for size, k, d, (low, high) in zip(sizes, kernel, dilations, pads, strict=True)
        ]
        if any(alone):
            step = steps[alone.index(False)] if False in alone else 1
            return [step, step], [1, 1]
        steps = [min(steps)] * 2 if max(steps) % min(steps) == 0 else [1, 1]
    return steps, [whole // step for whole, step in zip(strides, steps, strict=True)]


def _convolve_volume(
    node: Node,
    x: Any,
    kernel: np.ndarray[Any, Any],
    bias: np.ndarray[Any, Any] | None,
    strides: list[int],
    dilations: list[int],
    pads: Pads,
    sizes: list[Any],
) -> Any:
    """[N, D, H, W, C] -> [N, D', H', W', M]: a sum of plane convolutions, one a kernel's depth.

    TensorFlow.js has a Conv3D, without groups and slow: a convolution of [1, 8, 32, 32, 32] with
    [3, 3, 3, 32, 32] takes 940 ms in its WebAssembly backend, its planes together 20 ms. Layers
    are padded as rows because its WebGL backend pads up to four axes.
    """
    depth, height, width = sizes  # static ones: `preflight_sizes.py`
    (before, after), *around = pads
    layers = tf.reshape(x, [-1, depth, height * width * x.shape[-1]])
    if before or after:
        layers = tf.pad(layers, [[0, 0], [before, after], [0, 0]])
    reach = (kernel.shape[2] - 1) * dilations[0] + 1
    count = (layers.shape[1] - reach) // strides[0] + 1
    terms: list[Any] = []
    for place in range(kernel.shape[2]):
        first = place * dilations[0]
        chosen = layers[:, first : first + (count - 1) * strides[0] + 1 : strides[0]]
        planes = tf.reshape(chosen, [-1, height, width, x.shape[-1]])
        term = _convolve_nhwc(
            node, planes, kernel[:, :, place], strides[1:], dilations[1:], around, sizes[1:]
        )
        if bias is not None and not terms:
            term = tf.nn.bias_add(term, shared_constant(bias))
        terms.append(term)
    total = functools.reduce(tf.add, terms)
    return tf.reshape(total, [-1, count, *total.shape[1:]])
