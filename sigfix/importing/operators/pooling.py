"""Max, average and global pooling, as NHWC kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.operators.convolution import onnx_pads, tensorflow_padding
from sigfix.importing.operators.registry import Node, onnx_operator


def _window(node: Node, x: Any) -> tuple[list[int], list[int], list[tuple[int, int]]]:
    """Kernel, strides and pads of a two-dimensional window; `ceil_mode` widens the end pads."""
    kernel = list(node.attributes["kernel_shape"])
    if len(kernel) != 2:
        raise node.refuse(f"{len(kernel)}-dimensional pooling; 2 is supported")
    strides = list(node.attributes.get("strides") or [1, 1])
    if max(node.attributes.get("dilations") or [1]) != 1:
        raise node.refuse("dilated pooling is not supported")
    sizes = list(x.shape[2:])
    pads = onnx_pads(node, sizes, kernel, strides, [1, 1])
    if node.attributes.get("ceil_mode", 0):
        if None in sizes:
            raise node.refuse("ceil_mode needs a static height and width")
        pads = [
            (low, high + _ceil_extra(size + low + high, k, s, low + size))
            for size, k, s, (low, high) in zip(sizes, kernel, strides, pads, strict=True)
        ]
    return kernel, strides, pads


def _ceil_extra(padded: int, kernel: int, stride: int, last_start: int) -> int:
    """Cells to add at the end so that a last, partial window is counted.

    A window that would start in the end padding is not counted, as in ONNX and PyTorch.
    """
    windows = -(-(padded - kernel) // stride) + 1
    if (windows - 1) * stride >= last_start:
        windows -= 1
    return max((windows - 1) * stride + kernel - padded, 0)


@onnx_operator("MaxPool", 1, 8, 10, 11, 12, 22)
def max_pool(node: Node, x: Any) -> Any:
    """Largest value of each window; padding never wins."""
    if node.output_count > 1:
        raise node.refuse("its second output (indices) is not supported")
    kernel, strides, pads = _window(node, x)
    padding = tensorflow_padding(pads, list(x.shape[2:]), kernel, strides, [1, 1])
    x = layout.channels_last(x)
    if isinstance(padding, list):  # TensorFlow.js pools with SAME and VALID only
        x, padding = tf.pad(x, padding, constant_values=x.dtype.min), "VALID"
    return layout.channels_first(tf.nn.max_pool2d(x, kernel, strides, padding))


@onnx_operator("AveragePool", 1, 7, 10, 11, 19, 22)
def average_pool(node: Node, x: Any) -> Any:
    """Mean of each window, over the padding too if `count_include_pad`."""
    kernel, strides, pads = _window(node, x)
    sizes = list(x.shape[2:])
    x = layout.channels_last(x)
    padding = tensorflow_padding(pads, sizes, kernel, strides, [1, 1])
    if not isinstance(padding, list):
        exact = padding == "VALID" or not node.attributes.get("count_include_pad", 0)
        if exact:  # TensorFlow's SAME leaves padding out of the mean
            return layout.channels_first(tf.nn.avg_pool2d(x, kernel, strides, padding))
    if None in sizes:
        raise node.refuse("padding needs a static height and width")
    border = [[0, 0], *[list(p) for p in pads], [0, 0]]
    mean = tf.nn.avg_pool2d(tf.pad(x, border), kernel, strides, "VALID")
    share = _counted_share(node, sizes, kernel, strides, pads)
    if share is not None:
        mean = mean * tf.constant(share.astype(x.dtype.as_numpy_dtype))
    return layout.channels_first(mean)


def _counted_share(
    node: Node,
    sizes: list[int],
    kernel: list[int],
    strides: list[int],
    pads: list[tuple[int, int]],
) -> np.ndarray[Any, Any] | None:
    """Window size divided by the cells that count in it, [1, H', W', 1]; None where always 1."""
    declared = onnx_pads(node, sizes, kernel, strides, [1, 1])
    axes = []
    for size, k, s, (low, high), (_, given) in zip(
        sizes, kernel, strides, pads, declared, strict=True
    ):
        counted = np.zeros(low + size + high)
        if node.attributes.get("count_include_pad", 0):
            counted[: low + size + given] = 1
        else:
            counted[low : low + size] = 1
        starts = range(0, len(counted) - k + 1, s)
        axes.append(np.array([counted[i : i + k].sum() / k for i in starts]))
    share = np.outer(axes[0], axes[1])[None, :, :, None]
    return None if (share == 1).all() else 1 / share


@onnx_operator("GlobalAveragePool", 1, 22)
def global_average_pool(node: Node, x: Any) -> Any:
    """[N, C, ...] -> [N, C, 1, ...]."""
    x = layout.channels_last(x)
    return layout.channels_first(tf.reduce_mean(x, list(range(1, x.shape.rank - 1)), keepdims=True))


@onnx_operator("GlobalMaxPool", 1, 22)
def global_max_pool(node: Node, x: Any) -> Any:
    """[N, C, ...] -> [N, C, 1, ...]."""
    x = layout.channels_last(x)
    return layout.channels_first(tf.reduce_max(x, list(range(1, x.shape.rank - 1)), keepdims=True))
