"""Element-wise operators, applied under the transposes that surround them."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.operators.linear import bias_before_reshape
from sigfix.importing.operators.registry import Node, onnx_operator

# Unary operators that TensorFlow has under the same meaning: (ONNX name, since-versions, function).
UNARY: tuple[tuple[str, tuple[int, ...], Any], ...] = (
    ("Relu", (6, 13, 14), tf.nn.relu),
    ("Sigmoid", (6, 13), tf.sigmoid),
    ("Tanh", (6, 13), tf.tanh),
    ("Erf", (9, 13), tf.math.erf),
    ("Sqrt", (6, 13), tf.sqrt),
    ("Exp", (6, 13), tf.exp),
    ("Log", (6, 13), tf.math.log),
    ("Neg", (6, 13), tf.negative),
    ("Abs", (6, 13), tf.abs),
    ("Floor", (6, 13), tf.floor),
    ("Ceil", (6, 13), tf.math.ceil),
    ("Softplus", (1, 22), tf.nn.softplus),
    ("Identity", (1, 13, 14, 16, 19), tf.identity),
)


def _register_unary(name: str, versions: tuple[int, ...], function: Any) -> None:
    @onnx_operator(name, *versions)
    def unary(node: Node, x: Any) -> Any:
        return layout.elementwise(function, x)


for _name, _versions, _function in UNARY:
    _register_unary(_name, _versions, _function)


@onnx_operator("Add", 7, 13, 14)
def add(node: Node, a: Any, b: Any) -> Any:
    """a + b; the bias of a matrix product goes in front of the reshape behind that product."""
    biased = bias_before_reshape(a, b)
    return layout.elementwise(tf.add, a, b) if biased is None else biased


@onnx_operator("Sub", 7, 13, 14)
def subtract(node: Node, a: Any, b: Any) -> Any:
    """a - b."""
    return layout.elementwise(tf.subtract, a, b)


@onnx_operator("Mul", 7, 13, 14)
def multiply(node: Node, a: Any, b: Any) -> Any:
    """a * b."""
    return layout.elementwise(tf.multiply, a, b)


@onnx_operator("Div", 7, 13, 14)
def divide(node: Node, a: Any, b: Any) -> Any:
    """a / b; integers are truncated towards zero, as ONNX Runtime does."""
    return layout.elementwise(tf.divide if a.dtype.is_floating else tf.truncatediv, a, b)


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


@onnx_operator("Clip", 6, 11, 12, 13)
def clip(node: Node, x: Any, low: Any = None, high: Any = None) -> Any:
    """Limit to [low, high]; either may be absent. 0 to 6 is relu6."""
    lowest, highest = (
        node.attributes.get(name) if bound is None else node.constant(bound, name).item()
        for name, bound in (("min", low), ("max", high))
    )

    def limit(t: Any) -> Any:
        if (lowest, highest) == (0, 6) and t.dtype.is_floating:
            return tf.nn.relu6(t)
        if lowest is not None and highest is not None and lowest <= highest:
            return tf.clip_by_value(t, tf.cast(lowest, t.dtype), tf.cast(highest, t.dtype))
        if lowest is not None:
            t = tf.maximum(t, tf.cast(lowest, t.dtype))
        return t if highest is None else tf.minimum(t, tf.cast(highest, t.dtype))

    return layout.elementwise(limit, x)
