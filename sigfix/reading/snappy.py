"""Snappy decompression, for the blocks of a variable index that TensorFlow compressed.

Format: github.com/google/snappy, format_description.txt.
"""

from __future__ import annotations

LARGEST = 64 << 20
"""Blocks of an index hold a few kilobytes; a claim of more than this is a trap."""


def decompress(data: bytes) -> bytes:
    """The original bytes. Raises ValueError where `data` is not snappy's."""
    size, position = _length(data)
    out = bytearray()
    while position < len(data):
        tag = data[position]
        position += 1
        kind = tag & 3
        if kind == 0:
            length = (tag >> 2) + 1
            if length > 60:
                extra = length - 60
                length = int.from_bytes(data[position : position + extra], "little") + 1
                position += extra
            if position + length > len(data):
                raise ValueError("a literal runs past the end")
            out += data[position : position + length]
            position += length
        else:
            if kind == 1:
                length, width = ((tag >> 2) & 7) + 4, 1
                high = (tag >> 5) << 8
            else:
                length, width, high = (tag >> 2) + 1, 2 if kind == 2 else 4, 0
            offset = high + int.from_bytes(data[position : position + width], "little")
            position += width
            if not 0 < offset <= len(out):
                raise ValueError("a copy reaches before the start")
            start = len(out) - offset
            if offset >= length:
                out += out[start : start + length]
            else:
                pattern = bytes(out[start:])
                out += (pattern * (length // offset + 1))[:length]
        if len(out) > size:
            raise ValueError("there is more than the stated length")
    if len(out) != size:
        raise ValueError("there is less than the stated length")
    return bytes(out)


def _length(data: bytes) -> tuple[int, int]:
    size = shift = 0
    for position, byte in enumerate(data[:5]):
        size |= (byte & 0x7F) << shift
        if byte < 0x80:
            if size > LARGEST:
                raise ValueError("the stated length is absurd")
            return size, position + 1
        shift += 7
    raise ValueError("the length is missing")
