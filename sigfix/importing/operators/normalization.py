"""Normalizations."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.operators.constants import tensorflow_dtype
from sigfix.importing.operators.registry import Node, onnx_operator
from sigfix.importing.static_values import as_array


@onnx_operator("BatchNormalization", 7, 9, 14, 15)
def batch_normalization(node: Node, x: Any, scale: Any, bias: Any, mean: Any, variance: Any) -> Any:
    """scale * (x - mean) / sqrt(variance + epsilon) + bias, channels in axis 1.

    In training mode mean and variance are those of the batch, and what is given moves towards them.
    """
    if node.attributes.get("training_mode", 0):
        return _by_batch(node, x, scale, bias, mean, variance)
    constants = [
        node.constant(value, what).astype(np.float64)
        for value, what in (
            (scale, "scale"),
            (bias, "bias"),
            (mean, "mean"),
            (variance, "variance"),
        )
    ]
    gain = constants[0] / np.sqrt(constants[3] + node.attributes.get("epsilon", 1e-5))
    offset = constants[1] - constants[2] * gain
    dtype = x.dtype.as_numpy_dtype
    column = (-1,) + (1,) * (x.shape.rank - 2)
    scaled = layout.elementwise(lambda a, b: a * b, x, gain.astype(dtype).reshape(column))
    return layout.elementwise(lambda a, b: a + b, scaled, offset.astype(dtype).reshape(column))


def _by_batch(node: Node, x: Any, scale: Any, bias: Any, mean: Any, variance: Any) -> Any:
    """y, and the running mean and variance after this batch, as far as they are asked for."""
    image = layout.channels_last(x)
    axes = list(range(image.shape.rank - 1))
    normal, own_mean, own_variance = _standardised(
        image, axes, node.attributes.get("epsilon", 1e-5)
    )
    kept = node.attributes.get("momentum", 0.9)
    running = [
        given * kept + tf.reshape(own, [-1]) * (1 - kept)
        for given, own in ((mean, own_mean), (variance, own_variance))
    ]
    return (layout.channels_first(normal * scale + bias), *running)[: node.output_count]


def _standardised(x: Any, axes: list[int], epsilon: float) -> tuple[Any, Any, Any]:
    """((x - mean) / sqrt(variance + epsilon), mean, variance)."""
    mean = tf.reduce_mean(x, axes, keepdims=True)
    centred = x - mean
    variance = tf.reduce_mean(tf.square(centred), axes, keepdims=True)
    return centred * tf.math.rsqrt(variance + tf.cast(epsilon, x.dtype)), mean, variance


@onnx_operator("LayerNormalization", 17)
def layer_normalization(node: Node, x: Any, scale: Any, bias: Any = None) -> Any:
    """(x - mean) / sqrt(variance + epsilon) * scale + bias over the axes from `axis` on.

    Halves are standardised in the type that `stash_type` says, and mean and deviation have it.
    """
    rank = x.shape.rank
    axes = list(range(int(node.attributes.get("axis", -1)) % rank, rank))
    epsilon = node.attributes.get("epsilon", 1e-5)
    stash = tensorflow_dtype(int(node.attributes.get("stash_type", 1)))
    whole = tf.cast(x, stash) if x.dtype.size < stash.size else x
    normal, mean, variance = _standardised(whole, axes, epsilon)
    normal = tf.cast(normal, x.dtype)
    inverse_deviation = tf.math.rsqrt(variance + tf.cast(epsilon, whole.dtype))
    mean, inverse_deviation = tf.cast(mean, stash), tf.cast(inverse_deviation, stash)
    scaled = normal if is_all(scale, 1) else normal * scale
    shifted = scaled if bias is None or is_all(bias, 0) else scaled + bias
    return (shifted, mean, inverse_deviation)[: node.output_count]


def is_all(tensor: Any, number: float) -> bool:
    """Whether a tensor is a constant with every element equal to `number`."""
    value = as_array(tensor)
    return value is not None and bool((value == number).all())


@onnx_operator("InstanceNormalization", 6, 22)
def instance_normalization(node: Node, x: Any, scale: Any, bias: Any) -> Any:
    """Each channel of each image with its own mean and variance."""
    image = layout.channels_last(x)
    axes = list(range(1, x.shape.rank - 1))
    normal, _, _ = _standardised(image, axes, node.attributes.get("epsilon", 1e-5))
    return layout.channels_first(normal * scale + bias)


@onnx_operator("GroupNormalization", 18, 21)
def group_normalization(node: Node, x: Any, scale: Any, bias: Any) -> Any:
    """Channels in groups, each with its mean and variance over positions and its channels.

    Scale and bias are per channel from opset 21 on, and per group before.
    """
    groups = int(node.attributes["num_groups"])
    channels, sizes = x.shape[1], list(x.shape[2:])  # static: `preflight_sizes.py`
    positions, each = int(np.prod(sizes)), channels // groups
    rows = tf.reshape(layout.channels_last(x), [-1, positions, groups, each])
    normal, _, _ = _standardised(rows, [1, 3], node.attributes.get("epsilon", 1e-5))
    if node.since_version < 21:
        normal = normal * tf.reshape(scale, [groups, 1]) + tf.reshape(bias, [groups, 1])
    image = tf.reshape(normal, [-1, *sizes, channels])
    return layout.channels_first(image if node.since_version < 21 else image * scale + bias)


@onnx_operator("LRN", 1, 13)
def local_response_normalization(node: Node, x: Any) -> Any:
    """x / (bias + alpha / size * sum of squares over `size` neighbouring channels) ^ beta."""
    size = int(node.attributes["size"])
    if x.shape.rank != 4 or size % 2 == 0:
        raise node.refuse("it needs an image and an odd number of neighbours")
    y = tf.nn.local_response_normalization(
        layout.channels_last(x),
        depth_radius=size // 2,
        bias=float(node.attributes.get("bias", 1.0)),
        alpha=float(node.attributes.get("alpha", 1e-4)) / size,
        beta=float(node.attributes.get("beta", 0.75)),
    )
    return layout.channels_first(y)


@onnx_operator("MeanVarianceNormalization", 9, 13)
def mean_variance_normalization(node: Node, x: Any) -> Any:
    """(x - mean) / sqrt(variance) over `axes` (all but the channels by default)."""
    axes = [int(a) % x.shape.rank for a in node.attributes.get("axes") or (0, 2, 3)]
    return _standardised(x, axes, 1e-9)[0]


@onnx_operator("LpNormalization", 1, 22)
def lp_normalization(node: Node, x: Any) -> Any:
    """x divided by its sum of absolutes (p = 1) or the root of its sum of squares along `axis`."""
    axis = int(node.attributes.get("axis", -1)) % x.shape.rank
    if int(node.attributes.get("p", 2)) == 1:
        return x / tf.reduce_sum(tf.abs(x), axis, keepdims=True)
    return x / tf.sqrt(tf.reduce_sum(tf.square(x), axis, keepdims=True))
