"""QuantizeLinear and DequantizeLinear: rounding and clipping in float, exactly as ONNX defines it.

Weights that are stored as integers become the floats that they stand for. Between the two operators
a tensor of integers is kept as floats with the same values: TensorFlow.js has no int8.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.operators.constants import tensorflow_dtype
from sigfix.importing.operators.registry import Node, onnx_operator
from sigfix.importing.static_values import as_array, shared_constant

VERSIONS = (10, 13, 19, 21, 23)
QUANTISED = "_sigfix_whole"
"""An attribute of a tensor of integers: the float tensor with the same values."""


@onnx_operator("QuantizeLinear", *VERSIONS)
def quantise(node: Node, x: Any, scale: Any, zero: Any = None) -> Any:
    """round(x / scale) + zero, half to even, within the range of the zero point's type."""
    if not x.dtype.is_floating:
        raise node.refuse(f"quantising {x.dtype.name} is not supported")
    return quantised(x, *_parameters(node, x, scale, zero), _kind(node, zero))


@onnx_operator("DequantizeLinear", *VERSIONS)
def dequantise(node: Node, x: Any, scale: Any, zero: Any = None) -> Any:
    """(x - zero) * scale."""
    return stepped(x, *_parameters(node, x, scale, zero))


def quantised(x: Any, scale: Any, zero: Any, kind: tf.DType) -> Any:
    """Integers of a type, for floats in steps of `scale`; both as they broadcast."""
    limits = np.iinfo(kind.as_numpy_dtype)
    low, high = (np.array(v, x.dtype.as_numpy_dtype) for v in (limits.min, limits.max))
    whole = layout.elementwise(lambda a, b: tf.round(a / b), x, scale)
    if zero is not None:
        whole = layout.elementwise(tf.add, whole, tf.cast(zero, x.dtype))
    whole = layout.elementwise(lambda a: tf.minimum(tf.maximum(a, low), high), whole)
    return with_whole(whole, kind)


def with_whole(whole: Any, kind: tf.DType) -> Any:
    """Integers of a type, for floats with their values, which stay at hand."""
    made = layout.elementwise(lambda a: tf.cast(a, kind), whole)
    setattr(made, QUANTISED, whole)
    return made


def stepped(x: Any, scale: Any, zero: Any) -> Any:
    """The floats that integers stand for, in steps of `scale` from `zero`."""
    known = [None if v is None else as_array(v) for v in (x, scale, zero)]
    if known[0] is not None and known[1] is not None and (zero is None or known[2] is not None):
        wide = known[0].astype(np.int64) - (0 if known[2] is None else known[2].astype(np.int64))
        return shared_constant(wide.astype(known[1].dtype) * known[1])
    whole = as_whole(x, scale.dtype)
    if zero is not None:
        whole = layout.elementwise(tf.subtract, whole, as_whole(zero, scale.dtype))
    return layout.elementwise(tf.multiply, whole, scale)


def as_whole(x: Any, dtype: tf.DType) -> Any:
    """Integers as floats: what they were made of, where that is at hand."""
    whole = getattr(x, QUANTISED, None)
    if whole is not None and whole.dtype == dtype:
        return whole
    return layout.elementwise(lambda a: tf.cast(a, dtype), x)


def along_axis(node: Node, x: Any, values: Any, axis: int) -> Any:
    """A scale or zero point for all of x, or one for each place along an axis, as it broadcasts."""
    if values is None:
        return None
    if node.attributes.get("block_size", 0):
        raise node.refuse("scales of blocks are not supported")
    single, rank = values.shape.num_elements() == 1, x.shape.rank
    shape = [] if single else [-1 if i == axis % rank else 1 for i in range(rank)]
    known = as_array(values)
    return tf.reshape(values, shape) if known is None else shared_constant(known.reshape(shape))


def _parameters(node: Node, x: Any, scale: Any, zero: Any) -> tuple[Any, Any]:
    axis = int(node.attributes.get("axis", 1))
    return along_axis(node, x, scale, axis), along_axis(node, x, zero, axis)


def _kind(node: Node, zero: Any) -> tf.DType:
    """The type of what is quantised: the zero point's, else the attribute's, else uint8."""
    if zero is not None:
        return tf.dtypes.as_dtype(zero.dtype)
    given = node.attributes.get("output_dtype", 0)
    return tensorflow_dtype(given) if given else tf.uint8
