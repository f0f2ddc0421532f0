"""Element-wise arithmetic, applied under the transposes that surround it."""

from __future__ import annotations

import functools
from collections.abc import Callable
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
    ("Round", (11, 22), tf.round),
    ("Sign", (9, 13), tf.sign),
    ("Reciprocal", (6, 13), tf.math.reciprocal),
    ("Sin", (7, 22), tf.sin),
    ("Cos", (7, 22), tf.cos),
    ("Tan", (7, 22), tf.tan),
    ("Asin", (7, 22), tf.asin),
    ("Acos", (7, 22), tf.acos),
    ("Atan", (7, 22), tf.atan),
    ("Sinh", (9, 22), tf.sinh),
    ("Cosh", (9, 22), tf.cosh),
    ("Asinh", (9, 22), tf.asinh),
    ("Acosh", (9, 22), tf.acosh),
    ("Atanh", (9, 22), tf.atanh),
    ("Softplus", (1, 22), tf.nn.softplus),
    ("IsNaN", (9, 13, 20), tf.math.is_nan),
    ("Identity", (1, 13, 14, 16, 19, 21, 23), tf.identity),
)


def _register_unary(name: str, versions: tuple[int, ...], function: Any) -> None:
    @onnx_operator(name, *versions)
    def unary(node: Node, x: Any) -> Any:
        return layout.elementwise(function, x)


for _name, _versions, _function in UNARY:
    _register_unary(_name, _versions, _function)


@onnx_operator("IsInf", 10, 20)
def is_infinite(node: Node, x: Any) -> Any:
    """Whether an element is infinite, of either sign unless the attributes say which."""
    positive = node.attributes.get("detect_positive", 1)
    negative = node.attributes.get("detect_negative", 1)
    if positive and negative:
        return layout.elementwise(tf.math.is_inf, x)
    if not positive and not negative:
        return layout.elementwise(lambda t: tf.zeros_like(t, tf.bool), x)
    sign = 1.0 if positive else -1.0
    return layout.elementwise(lambda t: tf.math.is_inf(t) & (t * sign > 0), x)


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


def _towards_zero(a: Any, b: Any) -> Any:
    """The integer quotient without its fraction, from the floored one that TF.js has."""
    return tf.math.floordiv(tf.abs(a), tf.abs(b)) * (tf.sign(a) * tf.sign(b))


@onnx_operator("Div", 7, 13, 14)
def divide(node: Node, a: Any, b: Any) -> Any:
    """a / b; integers are truncated towards zero, as ONNX Runtime does."""
    return layout.elementwise(tf.divide if a.dtype.is_floating else _towards_zero, a, b)


@onnx_operator("Mod", 10, 13)
def remainder(node: Node, a: Any, b: Any) -> Any:
    """The remainder with the divisor's sign, or with the dividend's (C's fmod) if `fmod`."""
    if not node.attributes.get("fmod", 0):
        return layout.elementwise(tf.math.floormod, a, b)
    return layout.elementwise(
        lambda x, y: tf.sign(x) * tf.math.floormod(tf.abs(x), tf.abs(y)), a, b
    )


# Operators of any number of inputs: name, since-versions, function of two.
VARIADIC: tuple[tuple[str, tuple[int, ...], Callable[[Any, Any], Any]], ...] = (
    ("Max", (6, 8, 12, 13), tf.maximum),
    ("Min", (6, 8, 12, 13), tf.minimum),
    ("Sum", (6, 8, 13), tf.add),
    ("Mean", (6, 8, 13), tf.add),
)


def _register_variadic(
    name: str, versions: tuple[int, ...], function: Callable[[Any, Any], Any]
) -> None:
    @onnx_operator(name, *versions)
    def combine(node: Node, *inputs: Any) -> Any:
        joined = functools.reduce(lambda a, b: layout.elementwise(function, a, b), inputs)
        if name != "Mean" or len(inputs) == 1:
            return joined
        return layout.elementwise(lambda t: t * (1 / len(inputs)), joined)


for _name, _versions, _function in VARIADIC:
    _register_variadic(_name, _versions, _function)
