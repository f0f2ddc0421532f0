"""Damage inside variable indexes: their entries, blocks, handles, and snappy's form of blocks."""

from __future__ import annotations

import random

from sigfix.reading.bundle import read_table
from tests.fuzzing import values
from tests.fuzzing.messages import changed
from tests.models import varint

Generator = random.Random


def snappy(data: bytes) -> bytes:
    """`data` in snappy's form, as literals of at most 60 bytes."""
    out = bytearray(varint(len(data)))
    for at in range(0, len(data), 60):
        part = data[at : at + 60]
        out += bytes([(len(part) - 1) << 2]) + part
    return bytes(out)


def _snappy(data: bytes, generator: Generator) -> bytes:
    """The same with copies in it, and sometimes with damage."""
    packed = snappy(data)
    if generator.random() < 0.3:
        copy = bytes([generator.randrange(256), generator.randrange(256), generator.randrange(4)])
        packed += copy * generator.choice((1, 50))
    return values.damaged(packed, generator) if generator.random() < 0.5 else packed


def changed_index(data: bytes, generator: Generator) -> bytes:
    """A variable index with damage to an entry, a length, a block, a handle or the footer."""
    try:
        pairs = read_table(data)
    except Exception:
        return values.damaged(data, generator)
    if not pairs:
        return values.damaged(data, generator)
    at = 0 if generator.random() < 0.3 else generator.randrange(len(pairs))  # the header is first
    key, value = pairs[at]
    kind = generator.randrange(6)
    if kind < 3:
        name = "BundleEntryProto" if key else "BundleHeaderProto"
        pairs[at] = (key, changed(name, value, generator))
    elif kind == 3:
        pairs[at] = (values.text(generator).encode(), value)
    elif kind == 4:
        pairs *= generator.choice((1, 2, 300))
    return _table(pairs, generator)


def _entries(pairs: list[tuple[bytes, bytes]], generator: Generator) -> bytes:
    out, last = bytearray(), b""
    odd = generator.random() < 0.3
    for key, value in pairs:
        shared = 0
        while shared < min(len(key), len(last)) and key[shared] == last[shared]:
            shared += 1
        lengths = [shared, len(key) - shared, len(value)]
        if odd and generator.random() < 0.2:
            lengths[generator.randrange(3)] = values.number(generator) % 2**64
        out += b"".join(map(varint, lengths)) + key[shared:] + value
        last = key
    restarts = generator.choice((1, 1, 1, 0, 1000, 2**32 - 1))
    return bytes(out) + (0).to_bytes(4, "little") + restarts.to_bytes(4, "little")


def _table(pairs: list[tuple[bytes, bytes]], generator: Generator) -> bytes:
    out = bytearray()

    def add(block: bytes) -> bytes:
        packed = generator.random() < 0.4
        kind = 1 if packed else generator.choice((0, 0, 0, 0, 7))
        written = _snappy(block, generator) if packed else block
        handle = varint(len(out)) + varint(len(written))
        out.extend(written + bytes([kind]) + bytes(4))
        return handle

    handle = add(_entries(pairs, generator))
    meta = add(_entries([], generator))
    index = add(_entries([(b"\xff", handle)] * generator.choice((1, 1, 2, 200)), generator))
    footer = (meta + index).ljust(40, b"\0")[:40] + (0xDB4775248B80FB57).to_bytes(8, "little")
    table = bytes(out) + footer
    return values.damaged(table, generator) if generator.random() < 0.15 else table
