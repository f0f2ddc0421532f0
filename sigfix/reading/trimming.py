"""A large SavedModel without the contents of its large constants, for reading the graph.

A model of a gigabyte is a graph of a megabyte and constants. Parsing copies every byte, so the
constants are cut out of the encoded message first, by walking its fields from the outside in.
"""

from __future__ import annotations

from sigfix.wire import Buffer, read_varint

SMALL = 8 << 20
"""Messages up to this size are parsed whole."""
KEPT = 4096
"""A constant's contents up to this size stay."""
_TENSOR_FACTS = 3
"""TensorProto's fields up to this one are dtype, shape and version; the others are contents."""

_BYTES = 2
_ATTR_VALUE: dict[int, object] = {2: "dropped", 8: "tensor"}
_NODE: dict[int, object] = {5: {2: _ATTR_VALUE}}
_GRAPH: dict[int, object] = {1: _NODE, 2: {1: {3: _NODE}}}
_SAVED_MODEL: dict[int, object] = {2: {2: _GRAPH}}
"""Field number -> what is inside: SavedModel.meta_graphs.graph_def.node.attr.value, with the
tensor of a constant or the bytes of a module, and the same for the nodes of library functions."""
ROOTS = {"SavedModel": _SAVED_MODEL, "GraphDef": _GRAPH}


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _fields(data: Buffer, start: int, end: int) -> list[tuple[int, int, int, int, int]]:
    """(number, wire type, start of the tag, start and end of the value) of each field.

    Raises ValueError where the bytes are no message.
    """
    found = []
    position = start
    while position < end:
        tag, value = read_varint(data, position)
        kind = tag & 7
        if kind == 0:
            _, stop = read_varint(data, value)
        elif kind == _BYTES:
            length, value = read_varint(data, value)
            stop = value + length
        elif kind in (1, 5):
            stop = value + (8 if kind == 1 else 4)
        else:
            raise ValueError("unknown wire type")
        if stop > end:
            raise ValueError("truncated")
        found.append((tag >> 3, kind, position, value, stop))
        position = stop
    return found


def _trim(data: Buffer, start: int, end: int, inside: object) -> list[bytes]:
    pieces: list[bytes] = []
    for number, kind, tag, value, stop in _fields(data, start, end):
        large = kind == _BYTES and stop - value > KEPT
        if inside == "tensor" and number > _TENSOR_FACTS:
            continue
        child = inside.get(number) if large and isinstance(inside, dict) else None
        if child == "dropped":
            continue
        if child is None:
            pieces.append(data[tag:stop])
            continue
        trimmed = _trim(data, value, stop, child)
        length = sum(map(len, trimmed))
        pieces += [_varint(number << 3 | _BYTES), _varint(length), *trimmed]
    return pieces


def without_large_constants(data: Buffer, message: str = "SavedModel") -> bytes:
    """An encoded SavedModel or GraphDef without large constants; a damaged one as it is."""
    if len(data) <= SMALL:
        return bytes(data)
    try:
        return b"".join(_trim(data, 0, len(data), ROOTS[message]))
    except ValueError:
        return bytes(data)
