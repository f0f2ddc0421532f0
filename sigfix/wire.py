"""The wire format of protobuf: walking a message without its schema, and writing a field.

Source: https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from typing import overload


class Ranges:
    """Bytes that lie elsewhere, fetched in blocks where they are looked at, and kept.

    `fetch` gets the bytes between two positions; `size` is how many there are in all.
    """

    def __init__(self, size: int, fetch: Callable[[int, int], bytes], block: int = 1 << 17) -> None:
        self._size, self._fetch, self._block = size, fetch, block
        self._blocks: dict[int, bytes] = {}

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, wanted: int) -> int: ...
    @overload
    def __getitem__(self, wanted: slice) -> bytes: ...
    def __getitem__(self, wanted: int | slice) -> int | bytes:
        """A byte or a stretch of them. Raises what `fetch` does, and ValueError for too few."""
        if isinstance(wanted, int):
            number, at = divmod(wanted, self._block)
            found = self._blocks.get(number)
            return (self._between(wanted, wanted + 1)[0]) if found is None else found[at]
        start, stop, _ = wanted.indices(self._size)
        return self._between(start, stop) if start < stop else b""

    def __bytes__(self) -> bytes:
        return self[:]

    def _between(self, start: int, stop: int) -> bytes:
        first, last = start // self._block, (stop - 1) // self._block
        absent = [number for number in range(first, last + 1) if number not in self._blocks]
        if absent:
            low = absent[0] * self._block
            high = min((absent[-1] + 1) * self._block, self._size)
            data = self._fetch(low, high)
            if len(data) != high - low:
                raise ValueError("the file ended before its size")
            for number in range(absent[0], absent[-1] + 1):
                at = number * self._block - low
                self._blocks[number] = data[at : at + self._block]
        kept = b"".join(self._blocks[number] for number in range(first, last + 1))
        return kept[start - first * self._block : stop - first * self._block]


Buffer = bytes | mmap.mmap | Ranges
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
