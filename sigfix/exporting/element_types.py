"""Element types that TensorFlow.js (4.22) has no word for, as those that it computes them with."""

from __future__ import annotations

from typing import Any

from tensorflow.core.framework import types_pb2

NARROWER = {
    types_pb2.DT_BFLOAT16: types_pb2.DT_FLOAT,
    types_pb2.DT_INT16: types_pb2.DT_INT32,
    types_pb2.DT_UINT16: types_pb2.DT_INT32,
    types_pb2.DT_UINT32: types_pb2.DT_INT32,
    types_pb2.DT_UINT64: types_pb2.DT_INT32,
}
"""It takes float16, float64, int8, uint8 and int64 for float32 and int32 by itself."""


def narrow_types(definition: Any) -> None:
    """Name types that TensorFlow.js knows in the attributes of a GraphDef, functions included.

    The values of constants are not touched: they are read with the type that they were given.
    """
    of_functions = (function.node_def for function in definition.library.function)
    for nodes in (definition.node, *of_functions):
        for node in nodes:
            for attribute in node.attr.values():
                _narrow(attribute)


def _narrow(attribute: Any) -> None:
    kind = attribute.WhichOneof("value")
    if kind == "type":
        attribute.type = NARROWER.get(attribute.type, attribute.type)
    elif kind == "list":
        attribute.list.type[:] = [NARROWER.get(each, each) for each in attribute.list.type]
    elif kind == "tensor" and not attribute.tensor.tensor_content:
        attribute.tensor.dtype = NARROWER.get(attribute.tensor.dtype, attribute.tensor.dtype)
