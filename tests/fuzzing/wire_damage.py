"""Damage to encoded messages below their schema: lengths, wire types, repeats, deep nesting."""

from __future__ import annotations

import random
from typing import Any

from sigfix.wire import fields
from tests.fuzzing import values
from tests.models import varint

Fields = list[tuple[int, Any]]
DEPTHS = (3, 20, 60, 101, 400, 3000)


def changed_without_schema(data: bytes, generator: random.Random) -> bytes:
    """An encoded message with one of its fields changed, or one of those inside it."""
    found = _fields(data)
    if not found:
        return values.damaged(data, generator)
    at = generator.randrange(len(found))
    number, value = found[at]
    kind = generator.randrange(10)
    if not isinstance(value, int) and kind < 5 and _fields(value):
        found[at] = (number, changed_without_schema(value, generator))
    elif kind == 5:
        del found[at]
    elif kind == 6:
        found.insert(at, found[generator.randrange(len(found))])
    elif kind == 7:
        found[at] = (generator.randrange(1, 16), value)
    elif kind == 8:
        return _broken(found, at, generator)
    elif kind == 9 and not isinstance(value, int):
        found[at] = (number, nested(value, generator))
    elif isinstance(value, int):
        found[at] = (number, values.number(generator) % 2**64)
    else:
        other = values.text(generator).encode()
        found[at] = (number, generator.choice((other, values.damaged(value, generator), 3)))
    return b"".join(_encoded(*item) for item in found)


def _broken(found: Fields, at: int, generator: random.Random) -> bytes:
    """A message in which one field's tag, length or number is what no writer writes."""
    parts = [_encoded(*item) for item in found]
    number, value = found[at]
    tag = varint(number << 3 | generator.randrange(8))
    content = value if isinstance(value, bytes) else b""
    length = generator.choice((*values.VARINTS, varint(len(content) + generator.randrange(1, 9))))
    parts[at] = generator.choice((tag + content, varint(number << 3 | 2) + length + content))
    return b"".join(parts)


def nested(content: bytes, generator: random.Random) -> bytes:
    """A message inside itself: the path of fields to one of its parts, repeated many times."""
    path: list[int] = []
    part = content
    for _ in range(generator.randrange(1, 5)):
        inner = [item for item in _fields(part) if isinstance(item[1], bytes) and item[1]]
        if not inner:
            break
        number, part = generator.choice(inner)
        path.append(number)
    for _ in range(generator.choice(DEPTHS) if path else 0):
        for number in reversed(path):
            content = _encoded(number, content)
    return content


def _encoded(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def _fields(data: bytes) -> Fields:
    """The fields of what could be a message, none where it is not one."""
    try:
        return [
            (number, value if isinstance(value, int) else data[value[0] : value[1]])
            for number, value in fields(data, 0, len(data))
        ]
    except ValueError:
        return []
