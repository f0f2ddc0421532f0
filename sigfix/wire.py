"""The wire format of protobuf: walking a message without its schema, and writing a field.

Source: https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator

Buffer = bytes | mmap.mmap
Span = tuple[int, int]


def read_varint(data: Buffer, position: int) -> tuple[int, int]:
    """A base-128 number and the position after it. Raises ValueError where there is none."""
    value = shift = 0
    while shift < 64:
        if position >= len(data):
            raise ValueError("a number runs past the end")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> 64:
                break
            return value, position
        shift += 7
    raise ValueError("a number has more than 64 bits")


def fields(data: Buffer, start: int, end: int) -> Iterator[tuple[int, int | Span]]:
    """(number, value) of each field between two positions: an int, or the span of its bytes.

    Raises ValueError where the bytes are no message.
    """
    position = start
    while position < end:
        tag, position = read_varint(data, position)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            value, position = read_varint(data, position)
            yield number, value
            continue
        if kind == 2:
            length, position = read_varint(data, position)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError(f"wire type {kind}")
        if number == 0 or position + length > end:
            raise ValueError("a field is longer than its message")
        yield number, (position, position + length)
        position += length


def text(data: Buffer, span: int | Span) -> str:
    """The bytes of a span as text."""
    if isinstance(span, int):
        raise ValueError("a number where text belongs")
    return data[span[0] : span[1]].decode("utf-8", "replace")


def inside(data: Buffer, span: int | Span) -> Iterator[tuple[int, int | Span]]:
    """The fields of the message in a span."""
    if isinstance(span, int):
        raise ValueError("a number where a message belongs")
    return fields(data, *span)


def varint(value: int) -> bytes:
    """A base-128 number, which is not negative."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def number_field(number: int, value: int) -> bytes:
    """A field that is a base-128 number."""
    return varint(number << 3) + varint(value)


def bytes_field(number: int, content: bytes) -> bytes:
    """A field that says its length: text, bytes or a message."""
    return varint(number << 3 | 2) + varint(len(content)) + content
