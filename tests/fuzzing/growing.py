"""Models that are large in one way: thousands of one thing, or long chains of things.

What is quadratic or recursive works on every small model.
"""

from __future__ import annotations

import random
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from tests.fuzzing import values

MANY = (200, 1_000, 4_000, 8_000)
LARGEST = 1 << 20
"""Bytes of what is added."""


def grown(message: Any, generator: random.Random) -> None:
    """Make a message of the schema, or one inside it, large."""
    found = [
        item
        for item in _messages(message)
        if item[1].name in ("node", "node_def", "nodes", "signature_def", "function")
    ]
    if found and generator.random() < 0.7:
        names = sorted({field.name for _, field in found})
        name = generator.choice(names)
        owner, field = generator.choice([item for item in found if item[1].name == name])
    else:
        every = list(_messages(message))
        if not every:
            return
        owner, field = generator.choice(every)
    items = getattr(owner, field.name)
    if _is_map(field):
        _crowd_map(items, field, generator)
    elif field.name in ("node", "node_def"):
        _chain_of_nodes(items, generator)
    elif field.name == "nodes":
        _chain_of_objects(items, generator)
    else:
        _crowd(items, generator)


def _messages(message: Any) -> list[tuple[Any, FieldDescriptor]]:
    """Every field that holds several messages, or a map, and its owner."""
    found = []
    pending = [message]
    while pending:
        owner = pending.pop()
        for field, value in owner.ListFields():
            if field.message_type is None:
                continue
            if _is_map(field):
                found.append((owner, field))
                if field.message_type.fields_by_name["value"].message_type is not None:
                    pending += [value[key] for key in sorted(value)]
            elif field.label == FieldDescriptor.LABEL_REPEATED:
                found.append((owner, field))
                pending += list(value)
            else:
                pending.append(value)
    return found


def _is_map(field: FieldDescriptor) -> bool:
    return bool(field.message_type.GetOptions().map_entry)


def _times(one: Any, generator: random.Random) -> int:
    size = max(one.ByteSize() if hasattr(one, "ByteSize") else 8, 8)
    return min(generator.choice(MANY), LARGEST // size)


def _crowd_map(items: Any, field: FieldDescriptor, generator: random.Random) -> None:
    kind = field.message_type.fields_by_name["key"].cpp_type
    key = generator.choice(sorted(items))
    is_message = field.message_type.fields_by_name["value"].message_type is not None
    for number in range(_times(items[key], generator)):
        new: Any = f"{key}_{number}" if kind == FieldDescriptor.CPPTYPE_STRING else number
        if is_message:
            items[new].CopyFrom(items[key])
        else:
            items[new] = items[key]


def _crowd(items: Any, generator: random.Random) -> None:
    """Copies of an item, under names of their own where it has one."""
    chosen = generator.choice(items)
    for number in range(_times(chosen, generator)):
        added = items.add()
        added.CopyFrom(chosen)
        for owner in (added, getattr(added, "signature", None)):
            if isinstance(getattr(owner, "name", None), str) and generator.random() < 0.9:
                owner.name = f"{owner.name}_{number}"


def _chain_of_nodes(items: Any, generator: random.Random) -> None:
    """Nodes that each read the one before; sometimes the first reads the last."""
    if not hasattr(items[0], "op"):  # ONNX's, which name their outputs
        _crowd(items, generator)
        return
    chosen = generator.choice(items)
    last = generator.choice(items).name
    start = len(items)
    for number in range(_times(chosen, generator)):
        added = items.add()
        added.CopyFrom(chosen)
        added.name = f"{chosen.name}/{number}"
        added.op = generator.choice(("Identity", chosen.op))
        added.input[:] = [last] * max(len(chosen.input), 1)
        last = added.name
    if len(items) > start and generator.random() < 0.5:
        items[generator.choice((0, start))].input.append(last)


def _chain_of_objects(items: Any, generator: random.Random) -> None:
    """Objects that each have the next one as a child; sometimes the last has the first."""
    start = len(items)
    name = generator.choice(("a", "layer", "x" * 100, values.text(generator)))
    kind = generator.randrange(len(items))
    count = _times(items[kind], generator)
    items[0].children.add(local_name=name, node_id=start)
    for number in range(count):
        added = items.add()
        if generator.random() < 0.3:
            added.CopyFrom(items[kind])
        else:
            added.user_object.SetInParent()
        added.children.add(local_name=name, node_id=start + number + 1)
    if count and generator.random() < 0.5:
        items[-1].children[-1].node_id = generator.choice((0, start))
