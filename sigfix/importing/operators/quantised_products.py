"""Products and convolutions of integers, as the float ones that ONNX defines them by.

The integers are at most 255, and their sums are exact in float32 up to 2^24; what is beyond that is
rounded there, by less than a millionth.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.operators.convolution import convolution
from sigfix.importing.operators.linear import matrix_product
from sigfix.importing.operators.quantisation import (
    QUANTISED,
    along_axis,
    as_whole,
    quantised,
    stepped,
)
from sigfix.importing.operators.registry import Node, onnx_operator
from sigfix.importing.static_values import as_array, shared_constant


@onnx_operator("DynamicQuantizeLinear", 11)
def quantise_by_range(node: Node, x: Any) -> Any:
    """uint8 by the range of the values, which includes 0; its scale and zero point."""
    low, high = tf.minimum(tf.reduce_min(x), 0.0), tf.maximum(tf.reduce_max(x), 0.0)
    scale = (high - low) / 255.0
    # Of zeros alone the scale is 0, and every quotient with it is 0 divided by 0.
    divisor = tf.where(tf.equal(scale, 0.0), tf.ones_like(scale), scale)
    zero = tf.minimum(tf.maximum(tf.round(-low / divisor), 0.0), 255.0)
    offset = tf.cast(zero, tf.uint8)
    setattr(offset, QUANTISED, zero)
    return quantised(x, divisor, zero, tf.uint8), scale, offset


@onnx_operator("MatMulInteger", 10)
def product_of_integers(node: Node, a: Any, b: Any, a_zero: Any = None, b_zero: Any = None) -> Any:
    """(a - zero) (b - zero), as int32."""
    left = _shifted(a, None if a_zero is None else _of_rows(a, a_zero))
    right = _shifted(b, b_zero)
    return _integer(matrix_product(node, left, right))


@onnx_operator("ConvInteger", 10)
def convolution_of_integers(
    node: Node, x: Any, w: Any, x_zero: Any = None, w_zero: Any = None
) -> Any:
    """The convolution of x - zero with w - zero, as int32."""
    weights = _shifted(w, None if w_zero is None else along_axis(node, w, w_zero, 0))
    return _integer(convolution(node, _shifted(x, x_zero), weights))


@onnx_operator("QLinearMatMul", 10, 21)
def quantised_product(
    node: Node,
    a: Any,
    a_scale: Any,
    a_zero: Any,
    b: Any,
    b_scale: Any,
    b_zero: Any,
    y_scale: Any,
    y_zero: Any,
) -> Any:
    """The product of what a and b stand for, quantised."""
    if any(v.shape.num_elements() != 1 for v in (a_scale, y_scale)):
        raise node.refuse("scales of rows are not supported")
    left = stepped(a, tf.reshape(a_scale, []), tf.reshape(a_zero, []))
    right = stepped(b, b_scale, b_zero)
    product = matrix_product(node, left, right)
    kind = tf.dtypes.as_dtype(y_zero.dtype)
    return quantised(product, tf.reshape(y_scale, []), tf.reshape(y_zero, []), kind)


@onnx_operator("QLinearConv", 10)
def quantised_convolution(
    node: Node,
    x: Any,
    x_scale: Any,
    x_zero: Any,
    w: Any,
    w_scale: Any,
    w_zero: Any,
    y_scale: Any,
    y_zero: Any,
    bias: Any = None,
) -> Any:
    """The convolution of what x and w stand for, quantised; the bias is in steps of both scales."""
    image = stepped(x, tf.reshape(x_scale, []), tf.reshape(x_zero, []))
    weights = stepped(w, along_axis(node, w, w_scale, 0), along_axis(node, w, w_zero, 0))
    if bias is not None:
        step = node.constant(x_scale, "scale") * node.constant(w_scale, "scale of the weights")
        whole = node.constant(bias, "bias").astype(np.float64)
        bias = shared_constant((whole * step.reshape(-1)).astype(np.float32))
    made = convolution(node, image, weights, bias)
    kind = tf.dtypes.as_dtype(y_zero.dtype)
    return quantised(made, tf.reshape(y_scale, []), tf.reshape(y_zero, []), kind)


def _shifted(x: Any, zero: Any) -> Any:
    """x - zero, in float32."""
    known, offset = as_array(x), None if zero is None else as_array(zero)
    if known is not None and (zero is None or offset is not None):
        wide = known.astype(np.float32)
        return shared_constant(wide if offset is None else wide - offset.astype(np.float32))
    whole = as_whole(x, tf.float32)
    if zero is None or (offset is not None and not offset.any()):
        return whole
    return layout.elementwise(tf.subtract, whole, as_whole(zero, tf.float32))


def _of_rows(a: Any, zero: Any) -> Any:
    """A zero point for each row of a matrix, as it broadcasts."""
    return tf.expand_dims(zero, -1) if zero.shape.rank == 1 and zero.shape[0] != 1 else zero


def _integer(product: Any) -> Any:
    made = layout.elementwise(lambda a: tf.cast(a, tf.int32), product)
    setattr(made, QUANTISED, product)
    return made
