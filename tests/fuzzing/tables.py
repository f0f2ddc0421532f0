"""Damage inside variable indexes: their entries, blocks, handles, and snappy's form of blocks."""

from __future__ import annotations

import random

from sigfix.errors import UnreadableModelError
from sigfix.reading.bundle import read_table
from tests.fuzzing import values
from tests.fuzzing.messages import changed
from tests.models import varint

Generator = random.Random
LARGEST = 200_000
"""Bytes of the entries of one table."""


def snappy(data: bytes) -> bytes:
    """`data` in snappy's form, as literals of at most 60 bytes."""
    out = bytearray(varint(len(data)))
    for at in range(0, len(data), 60):
        part = data[at : at + 60]
        out += bytes([(len(part) - 1) << 2]) + part
    return bytes(out)


def _snappy(data: bytes, generator: Generator, is_damaged: bool) -> bytes:
    """The same, sometimes with copies in it that lead anywhere, or with other damage."""
    packed = snappy(data)
    if not is_damaged:
        return packed
    if generator.random() < 0.6:
        for _ in range(generator.choice((1, 1, 50))):
            tag = generator.randrange(64) << 2 | generator.randrange(1, 4)
            offset = generator.choice((0, 1, 2, 60, 61, 255)).to_bytes(1 + tag % 4 // 2, "little")
            at = generator.choice((0, len(packed), generator.randrange(len(packed) + 1)))
            packed = packed[:at] + bytes([tag]) + offset + packed[at:]
    else:
        packed = values.damaged(packed, generator)
    return packed


def changed_index(data: bytes, generator: Generator) -> bytes:
    """A variable index with damage to its entries, or to the table that they are in."""
    try:
        pairs = read_table(data)
    except UnreadableModelError:
        return values.damaged(data, generator)
    if not pairs:
        return values.damaged(data, generator)
    if generator.random() < 0.35:
        return _Table(generator, is_damaged=True).written(pairs)
    for _ in range(values.times(generator)):
        at = 0 if generator.random() < 0.3 else generator.randrange(len(pairs))  # the header
        key, value = pairs[at]
        if generator.random() < 0.8:
            pairs[at] = (key, changed("BundleEntryProto" if key else "BundleHeaderProto", value,
                                      generator))  # fmt: skip
        else:
            pairs[at] = (values.text(generator)[:1000].encode(), value)
    if generator.random() < 0.1:
        size = sum(len(key) + len(value) for key, value in pairs)
        pairs *= min(generator.choice((2, 300)), max(1, LARGEST // size))
    return _Table(generator, is_damaged=False).written(pairs)


class _Table:
    """Writes pairs as a table; what `is_damaged` is wrong in one or two places."""

    def __init__(self, generator: Generator, is_damaged: bool) -> None:
        self.generator = generator
        self.is_damaged = is_damaged
        self.out = bytearray()

    def written(self, pairs: list[tuple[bytes, bytes]]) -> bytes:
        """The table's bytes."""
        handle = self._add(self._entries(pairs))
        meta = self._add(self._entries([]))
        times = self.generator.choice((1, 1, 1, 2, 200))
        index = self._add(self._entries([(b"\xff", handle)] * times))
        footer = (meta + index).ljust(40, b"\0")[:40] + (0xDB4775248B80FB57).to_bytes(8, "little")
        table = bytes(self.out) + footer
        return values.damaged(table, self.generator) if self._chance(0.1) else table

    def _chance(self, part: float) -> bool:
        return self.is_damaged and self.generator.random() < part

    def _add(self, block: bytes) -> bytes:
        """A block's handle, once it is written."""
        kind, written = 0, block
        if self.generator.random() < 0.3:
            kind, written = 1, _snappy(block, self.generator, self._chance(0.5))
        elif self._chance(0.05):
            kind = 7
        handle = varint(len(self.out)) + varint(len(written))
        self.out.extend(written + bytes([kind]) + bytes(4))
        return handle

    def _entries(self, pairs: list[tuple[bytes, bytes]]) -> bytes:
        out, last = bytearray(), b""
        odd = self._chance(0.3)
        for key, value in pairs:
            shared = 0
            while shared < min(len(key), len(last)) and key[shared] == last[shared]:
                shared += 1
            lengths = [varint(number) for number in (shared, len(key) - shared, len(value))]
            if odd and self.generator.random() < 0.3:
                number = varint(values.number(self.generator) % 2**64)
                lengths[self.generator.randrange(3)] = self.generator.choice(
                    (number, number, *values.VARINTS)
                )
            out += b"".join(lengths) + key[shared:] + value
            last = key
        restarts = self.generator.choice((0, 1000, 2**32 - 1)) if self._chance(0.1) else 1
        return bytes(out) + (0).to_bytes(4, "little") + restarts.to_bytes(4, "little")
