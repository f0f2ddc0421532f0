"""Serialized tf.Examples with made-up values, for models that parse them.

The wire format: an Example holds Features (1), these a map (1) of key (1) to Feature (2), which is
a list of bytes (1), floats (2) or int64 (3), each list's values being field 1 (tensorflow,
core/example/example.proto and feature.proto).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

from sigfix.describing.examples import ExampleFeature

_BYTES, _FLOATS, _INTEGERS = 1, 2, 3
_LISTS = {"string": _BYTES, "float32": _FLOATS, "int64": _INTEGERS}
_OPEN_SIZE = 1
"""Values of a feature that may hold any number."""


def serialized_example(features: Sequence[ExampleFeature], generator: Any, words: Any) -> bytes:
    """One example with a value for every feature, drawn from a numpy `generator`."""
    entries = b""
    for feature in features:
        sizes = [
            size if size is not None else _OPEN_SIZE for size in feature.shape or (_OPEN_SIZE,)
        ]
        count = math.prod(sizes)
        kind = _LISTS.get(feature.dtype, _BYTES)
        if kind == _BYTES:
            values = b"".join(_field(1, bytes(generator.choice(words))) for _ in range(count))
        elif kind == _FLOATS:
            numbers = generator.normal(size=count)
            values = _field(1, struct.pack(f"<{count}f", *map(float, numbers)))
        else:
            values = _field(
                1, b"".join(_varint(int(generator.integers(0, 4))) for _ in range(count))
            )
        entry = _field(1, feature.key.encode()) + _field(2, _field(kind, values))
        entries += _field(1, entry)
    return _field(1, entries)


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited field."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
