"""What is known of a tensor while a graph is built."""

from __future__ import annotations

from typing import Any

from sigfix.importing.onnx_tf_backend import as_array


def known_elements(shape: Any) -> list[int | None] | None:
    """The elements of a one-dimensional shape tensor, None for each that the batch decides.

    None as a whole where not even their number is known.
    """
    value = as_array(shape)
    if value is not None:
        return [int(v) for v in value.reshape(-1)]
    count = shape.shape[0] if shape.shape.rank == 1 else None
    if count is None:
        return None
    partial = tensor_shape(shape)
    if partial is None or len(partial) != count:
        return [None] * count
    return partial


def tensor_shape(shape: Any) -> list[int | None] | None:
    """TensorFlow's own partial evaluation of a shape tensor, looking through casts."""
    from tensorflow.python.framework import tensor_util

    operation = shape.op
    while operation.type == "Cast":
        shape = operation.inputs[0]
        operation = shape.op
    found = tensor_util.constant_value_as_shape(shape)
    return None if found.rank is None else [None if d is None else int(d) for d in found.as_list()]
