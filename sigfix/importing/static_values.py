"""What is known of a tensor while a graph is built, and the constants of that graph."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import tensorflow as tf

# What holds for every element of these where it holds for every element of these of its inputs.
DECIDED_BY: dict[str, slice] = {
    **dict.fromkeys(
        ("Cast", "Reshape", "Squeeze", "ExpandDims", "Transpose", "StridedSlice", "BroadcastTo",
         "Identity", "GatherV2", "Tile"),
        slice(1),
    ),
    **dict.fromkeys(("AddV2", "Mul", "Maximum", "Minimum"), slice(2)),
    "ConcatV2": slice(-1), "Pack": slice(None), "Fill": slice(1, 2), "SelectV2": slice(1, 3),
}  # fmt: skip


def as_array(tensor: Any) -> np.ndarray[Any, Any] | None:
    """The value of a tensor that does not depend on the inputs, or None."""
    if tensor is None:
        return None
    if isinstance(tensor, np.ndarray):
        return tensor
    value = tf.get_static_value(tensor)
    return None if value is None else np.asarray(value)


CONSTANTS = "sigfix/shared_constants"
"""A collection of the graph: a dictionary elsewhere would keep graph and weights in memory."""


def shared_constant(value: np.ndarray[Any, Any]) -> Any:
    """A constant in the current graph, one for all equal values.

    A decoder that is unrolled uses the same weights at every step. Turned round anew each time
    they would fill the memory, and a GraphDef cannot be larger than 2 GiB.
    """
    value = np.asarray(value, order="C")
    graph = tf.compat.v1.get_default_graph()
    collection = graph.get_collection_ref(CONSTANTS)
    if not collection:
        collection.append({})
    (known,) = collection
    # The graph of a loop's body shares the dictionary of the one around it.
    key = (id(graph), value.dtype.str, value.shape, hashlib.blake2b(value.tobytes()).digest())
    if key not in known:
        with tf.control_dependencies(None):  # not inside of the loop that asks for it first
            known[key] = tf.constant(value)
    return known[key]


def holds_throughout(tensor: Any, holds: Callable[[Any], bool], sources: Collection[str]) -> bool:
    """Whether every element of an integer tensor is known to be of a kind (positive, say).

    `holds` says so of an array; what comes out of the operators in `sources` always is, and sums
    and products of such elements are too.
    """
    value = as_array(tensor)
    if value is not None:
        return bool(holds(value))
    operation = tensor.op
    if operation.type in sources:
        return True
    decided_by = DECIDED_BY.get(operation.type)
    if decided_by is None or not all(i.dtype.is_integer for i in operation.inputs[decided_by]):
        return False
    return all(holds_throughout(i, holds, sources) for i in operation.inputs[decided_by])


def elements_of(shape: Any) -> list[Any] | None:
    """The elements of a one-dimensional shape tensor: a number, or an int32 scalar of the graph.

    None as a whole where not even their number is known.
    """
    value = as_array(shape)
    if value is not None:
        return [int(v) for v in value.reshape(-1)]
    count = shape.shape[0] if shape.shape.rank == 1 else None
    if count is None:
        return None
    operation = shape.op
    if operation.type == "Cast":
        inner = elements_of(operation.inputs[0])
        return inner if inner is None else [e if isinstance(e, int) else _int32(e) for e in inner]
    if operation.type == "ConcatV2":
        pieces = [elements_of(piece) for piece in operation.inputs[:-1]]
        if None not in pieces:
            return [element for piece in pieces for element in piece or ()]
    if operation.type == "Pack":
        scalars = [as_array(piece) for piece in operation.inputs]
        return [
            _int32(piece) if known is None else int(known)
            for piece, known in zip(operation.inputs, scalars, strict=True)
        ]
    partial = tensor_shape(shape)
    if partial is None or len(partial) != count:
        partial = [None] * count
    return [_int32(shape[i]) if e is None else e for i, e in enumerate(partial)]


def _int32(scalar: Any) -> Any:
    return scalar if scalar.dtype == tf.int32 else tf.cast(scalar, tf.int32)


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
