"""Activations, in the form that takes the fewest TensorFlow.js kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.operators.registry import Node, onnx_operator
from sigfix.importing.static_values import as_array

# ONNX's defaults of Selu, in float32; TensorFlow's own are the same to that precision.
SELU_ALPHA, SELU_GAMMA = 1.67326319217681884765625, 1.05070102214813232421875


@onnx_operator("HardSwish", 14, 22)
def hard_swish(node: Node, x: Any) -> Any:
    """x * max(0, min(1, x / 6 + 1 / 2)), with the relu6 that every TF.js backend fuses."""
    return layout.elementwise(lambda t: t * (tf.nn.relu6(t + 3.0) * (1 / 6)), x)


@onnx_operator("HardSigmoid", 6, 22)
def hard_sigmoid(node: Node, x: Any) -> Any:
    """max(0, min(1, alpha * x + beta))."""
    alpha = float(node.attributes.get("alpha", 0.2))
    beta = float(node.attributes.get("beta", 0.5))
    if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:
        return layout.elementwise(lambda t: tf.nn.relu6(t + 3.0) * (1 / 6), x)
    return layout.elementwise(lambda t: tf.clip_by_value(t * alpha + beta, 0.0, 1.0), x)


@onnx_operator("LeakyRelu", 6, 16)
def leaky_relu(node: Node, x: Any) -> Any:
    """x where positive, alpha * x elsewhere."""
    alpha = float(node.attributes.get("alpha", 0.01))
    return layout.elementwise(lambda t: tf.nn.leaky_relu(t, alpha), x)


@onnx_operator("PRelu", 7, 9, 16)
def parametric_relu(node: Node, x: Any, slope: Any) -> Any:
    """x where positive, slope * x elsewhere; one slope for all is a leaky relu."""
    known = as_array(slope)
    if known is not None and known.size == 1:
        return layout.elementwise(lambda t: tf.nn.leaky_relu(t, known.item()), x)
    return layout.elementwise(lambda t, s: tf.where(t < 0, t * s, t), x, slope)


@onnx_operator("Clip", 6, 11, 12, 13)
def clip(node: Node, x: Any, low: Any = None, high: Any = None) -> Any:
    """Limit to [low, high]; either may be absent. 0 to 6 is relu6."""
    bounds: list[Any] = [node.attributes.get("min"), node.attributes.get("max")]
    for place, given in enumerate((low, high)):
        if given is not None:
            value = as_array(given)
            bounds[place] = given if value is None else value.item()
    lowest, highest = bounds
    constant = all(b is None or isinstance(b, (int, float)) for b in bounds)

    def limit(t: Any) -> Any:
        if constant and (lowest, highest) == (0, 6) and t.dtype.is_floating:
            return tf.nn.relu6(t)
        if constant and lowest == 0 and highest is None and t.dtype.is_floating:
            return tf.nn.relu(t)
        if constant and None not in bounds and lowest <= highest and t.dtype.is_floating:
            return tf.clip_by_value(t, tf.cast(lowest, t.dtype), tf.cast(highest, t.dtype))
        if lowest is not None:
            t = tf.maximum(t, tf.cast(lowest, t.dtype))
        return t if highest is None else tf.minimum(t, tf.cast(highest, t.dtype))

    return layout.elementwise(limit, x)


@onnx_operator("Elu", 6, 22)
def elu(node: Node, x: Any) -> Any:
    """x where positive, alpha * (exp(x) - 1) elsewhere."""
    alpha = float(node.attributes.get("alpha", 1.0))
    if alpha == 1:
        return layout.elementwise(tf.nn.elu, x)
    return layout.elementwise(lambda t: tf.where(t < 0, alpha * tf.math.expm1(t), t), x)


@onnx_operator("Selu", 6, 22)
def selu(node: Node, x: Any) -> Any:
    """gamma * (x where positive, alpha * (exp(x) - 1) elsewhere)."""
    alpha = float(node.attributes.get("alpha", SELU_ALPHA))
    gamma = float(node.attributes.get("gamma", SELU_GAMMA))
    if np.allclose((alpha, gamma), (SELU_ALPHA, SELU_GAMMA), rtol=1e-6):
        return layout.elementwise(tf.nn.selu, x)
    return layout.elementwise(lambda t: gamma * tf.where(t < 0, alpha * tf.math.expm1(t), t), x)


@onnx_operator("Celu", 12)
def celu(node: Node, x: Any) -> Any:
    """x where positive, alpha * (exp(x / alpha) - 1) elsewhere."""
    alpha = float(node.attributes.get("alpha", 1.0))
    return layout.elementwise(
        lambda t: tf.where(t < 0, alpha * tf.math.expm1(t * (1 / alpha)), t), x
    )


@onnx_operator("ThresholdedRelu", 10, 22)
def thresholded_relu(node: Node, x: Any) -> Any:
    """x above alpha, 0 elsewhere."""
    alpha = float(node.attributes.get("alpha", 1.0))
    return layout.elementwise(lambda t: tf.where(t > alpha, t, 0.0), x)


@onnx_operator("Shrink", 9)
def shrink(node: Node, x: Any) -> Any:
    """x + bias below -lambd, x - bias above lambd, 0 between."""
    bias = float(node.attributes.get("bias", 0.0))
    edge = float(node.attributes.get("lambd", 0.5))
    return layout.elementwise(
        lambda t: tf.where(t < -edge, t + bias, tf.where(t > edge, t - bias, 0.0)), x
    )


@onnx_operator("Softsign", 1, 22)
def soft_sign(node: Node, x: Any) -> Any:
    """x / (1 + |x|)."""
    return layout.elementwise(lambda t: t / (1.0 + tf.abs(t)), x)


@onnx_operator("Mish", 18, 22)
def mish(node: Node, x: Any) -> Any:
    """x * tanh(softplus(x))."""
    return layout.elementwise(lambda t: t * tf.tanh(tf.nn.softplus(t)), x)


@onnx_operator("Gelu", 20)
def gelu(node: Node, x: Any) -> Any:
    """x / 2 * (1 + erf(x / sqrt 2)), or its approximation through tanh."""
    if node.text("approximate", "none") == "tanh":
        root = float(np.sqrt(2 / np.pi))
        return layout.elementwise(
            lambda t: t * 0.5 * (1.0 + tf.tanh(root * (t + 0.044715 * t * t * t))), x
        )
    half = float(np.sqrt(0.5))
    return layout.elementwise(lambda t: t * 0.5 * (1.0 + tf.math.erf(t * half)), x)
