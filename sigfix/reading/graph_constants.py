"""The numbers of the constants in a TensorFlow graph: the parsed ones and the large ones."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.message import DecodeError

from sigfix.model import Graph
from sigfix.reading.float_bits import FORMATS
from sigfix.reading.graph import Attributes
from sigfix.reading.protos import dtype_name, message_class
from sigfix.reading.shapes import read_shape
from sigfix.reading.stored_values import Span, StoredValues
from sigfix.reading.trimming import KEPT, ROOTS, SMALL
from sigfix.wire import Buffer, fields, inside, text

_FIELDS = {
    "float32": ("float_val", "f"),
    "float64": ("double_val", "d"),
    "float16": ("half_val", "H"),
    "bfloat16": ("half_val", "H"),
    "complex64": ("scomplex_val", "f"),
    "complex128": ("dcomplex_val", "d"),
}
"""dtype -> the field of a TensorProto that holds its numbers, and how `struct` packs them."""
_CONTENTS = (4, 5, 6, 9, 12)
"""The fields of a TensorProto that are bytes of numbers: tensor_content, float_val, ..."""


def parsed_constants(graph: Graph) -> Iterator[StoredValues]:
    """The constants that reading kept."""
    for _, node in graph.all_nodes():
        if node.op == "Const" and isinstance(node.attributes, Attributes):
            message = node.attributes.message("value")
            tensor = None if message is None else message.tensor
            dtype = "" if tensor is None else dtype_name(tensor.dtype)
            if dtype in FORMATS:
                yield _values(node.name, dtype, tensor, _numbers(tensor, dtype))


def _values(name: str, dtype: str, tensor: Any, data: bytes) -> StoredValues:
    shape = read_shape(tensor.tensor_shape)
    return StoredValues(name, dtype, (Span(data, 0, len(data)),), shape)


def _numbers(tensor: Any, dtype: str) -> bytes:
    content: bytes = tensor.tensor_content
    if content:
        return content
    field, code = _FIELDS[dtype]
    values = getattr(tensor, field)
    mask = 0xFFFF if code == "H" else None
    numbers = [value & mask for value in values] if mask else values
    return struct.pack(f"<{len(numbers)}{code}", *numbers)


def large_constants(data: Buffer, message: str) -> Iterator[StoredValues]:
    """The constants that `trimming.without_large_constants` cuts out of an encoded `message`."""
    if len(data) <= SMALL:
        return
    try:
        for name, tensor in _large_tensors(data, 0, len(data), ROOTS[message], ""):
            yield from _large(data, name, tensor)
    except (ValueError, DecodeError):  # reading has said what is wrong with it
        return


def _large_tensors(
    data: Buffer, start: int, end: int, within: object, name: str
) -> Iterator[tuple[str, tuple[int, int]]]:
    """The span of every large TensorProto, with the name of its node."""
    if not isinstance(within, Mapping):
        if within == "tensor":
            yield name, (start, end)
        return
    is_node = _NODE_ATTRIBUTES in within
    for number, value in fields(data, start, end):
        if isinstance(value, int):
            continue
        if is_node and number == 1:
            name = text(data, value)
        elif number in within and value[1] - value[0] > KEPT:
            yield from _large_tensors(data, *value, within[number], name)


_NODE_ATTRIBUTES = 5
"""The field of a NodeDef; its name, which comes first, is the field 1."""


def _large(data: Buffer, name: str, tensor: tuple[int, int]) -> Iterator[StoredValues]:
    dtype, shape = "", None
    contents = []
    for number, value in inside(data, tensor):
        if number == 1 and isinstance(value, int):
            dtype = dtype_name(value)
        elif number == 2 and not isinstance(value, int):
            encoded = message_class("TensorShapeProto").FromString(data[value[0] : value[1]])
            shape = read_shape(encoded)
        elif number in _CONTENTS and not isinstance(value, int):
            contents.append(Span(data, value[0], value[1] - value[0]))
    if dtype in FORMATS and contents:
        yield StoredValues(name, dtype, tuple(contents), shape)
