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
from sigfix.wire import bytes_field, varint

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
            values = b"".join(bytes_field(1, bytes(generator.choice(words))) for _ in range(count))
        elif kind == _FLOATS:
            numbers = generator.normal(size=count)
            values = bytes_field(1, struct.pack(f"<{count}f", *map(float, numbers)))
        else:
            values = bytes_field(
                1, b"".join(varint(int(generator.integers(0, 4))) for _ in range(count))
            )
        entry = bytes_field(1, feature.key.encode()) + bytes_field(2, bytes_field(kind, values))
        entries += bytes_field(1, entry)
    return bytes_field(1, entries)
