"""TensorShapeProto and TensorProto -> `model`."""

from __future__ import annotations

import struct
from typing import Any

from sigfix.model import ConstantTensor, Shape
from sigfix.reading.protos import dtype_name

KEPT_ELEMENTS = 64
"""A constant's value is kept up to this many elements: axes, paddings, flags, not weights."""

_FORMATS = {
    "float32": "f", "float64": "d", "int32": "i", "int64": "q", "int16": "h", "int8": "b",
    "uint8": "B", "uint16": "H", "uint32": "I", "uint64": "Q", "bool": "?", "float16": "e",
}  # fmt: skip
_VALUE_FIELDS = {
    "float32": "float_val", "float64": "double_val", "int32": "int_val", "int16": "int_val",
    "int8": "int_val", "uint8": "int_val", "uint16": "int_val", "int64": "int64_val",
    "bool": "bool_val", "string": "string_val", "uint32": "uint32_val", "uint64": "uint64_val",
}  # fmt: skip


def read_shape(message: Any) -> Shape:
    """A TensorShapeProto; a size below zero is a dynamic dimension."""
    if message.unknown_rank:
        return None
    return tuple(dim.size if dim.size >= 0 else None for dim in message.dim)


def _element_count(shape: Shape) -> int:
    count = 1
    for size in shape or ():
        count *= max(size or 0, 0)
    return count


def _elements(message: Any, dtype: str, count: int) -> tuple[Any, ...] | None:
    """The flat elements, or None where they are many, or in a form that is not decoded."""
    if count > KEPT_ELEMENTS:
        return None
    content = message.tensor_content
    if content:
        code = _FORMATS.get(dtype)
        if code is None or struct.calcsize(f"<{code}") * count != len(content):
            return None
        return struct.unpack(f"<{count}{code}", content)
    field = _VALUE_FIELDS.get(dtype)
    values: tuple[Any, ...] = tuple(getattr(message, field)) if field else ()
    if dtype == "string":
        values = tuple(value.decode("utf-8", "replace") for value in values)
    if not values or len(values) > count:
        return None
    return values + (values[-1],) * (count - len(values))


def read_constant(message: Any) -> ConstantTensor:
    """A TensorProto. Repeated elements are spelled out, as TensorFlow does on loading."""
    dtype = dtype_name(message.dtype)
    shape = read_shape(message.tensor_shape)
    value = None if shape is None else _elements(message, dtype, _element_count(shape))
    return ConstantTensor(dtype, shape, value, message.ByteSize())
