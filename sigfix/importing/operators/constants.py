"""Operators that give constants, or nothing at all outside training."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from onnx import SparseTensorProto, helper, numpy_helper

from sigfix.importing.operators.registry import Node, onnx_operator

VALUES = {"value_float": np.float32, "value_floats": np.float32,
          "value_int": np.int64, "value_ints": np.int64}  # fmt: skip


@onnx_operator("Constant", 1, 9, 11, 12, 13, 19, 21, 23)
def constant(node: Node) -> Any:
    """The tensor in the one attribute."""
    for name, dtype in VALUES.items():
        if name in node.attributes:
            return tf.constant(np.array(node.attributes[name], dtype))
    value = node.attributes.get("value")
    if value is None or isinstance(value, SparseTensorProto):
        raise node.refuse("text and sparse constants are not supported")
    return tf.constant(numpy_helper.to_array(value))


@onnx_operator("ConstantOfShape", 9, 20, 21, 23)
def constant_of_shape(node: Node, shape: Any) -> Any:
    """A tensor of `shape` filled with the attribute `value` (float32 zero by default)."""
    value = node.attributes.get("value")
    fill = np.zeros(1, np.float32) if value is None else numpy_helper.to_array(value)
    return tf.fill(tf.cast(shape, tf.int32), tf.constant(fill.reshape(-1)[0]))


@onnx_operator("Size", 1, 13, 19, 21, 23)
def size_of(node: Node, x: Any) -> Any:
    """The number of elements, as int64."""
    if x.shape.is_fully_defined():
        return tf.constant(x.shape.num_elements(), tf.int64)
    return tf.size(x, tf.int64)


@onnx_operator("EyeLike", 9, 22)
def eye_like(node: Node, x: Any) -> Any:
    """Ones on the k-th diagonal of a matrix of the input's static shape."""
    kind = node.attributes.get("dtype")
    dtype = x.dtype if kind is None else tensorflow_dtype(kind)
    rows, columns = x.shape
    ones = np.eye(rows, columns, k=int(node.attributes.get("k", 0)))
    return tf.constant(ones.astype(dtype.as_numpy_dtype))


def tensorflow_dtype(kind: int) -> tf.DType:
    """TensorFlow's dtype of a `TensorProto.DataType`; `preflight.py` refuses what it has not."""
    return tf.dtypes.as_dtype(helper.tensor_dtype_to_np_dtype(kind))


@onnx_operator("Dropout", 7, 10, 12, 13, 22)
def dropout(node: Node, x: Any, ratio: Any = None, training: Any = None) -> Any:
    """The input, and a mask of ones: outside training nothing is dropped."""
    if training is not None and node.constant(training, "training_mode").any():
        zero = ratio is not None and not node.constant(ratio, "ratio").any()
        if not zero:
            raise node.refuse("training mode is random; export the model in inference mode")
    return (x, tf.ones_like(x, tf.bool))[: node.output_count]
