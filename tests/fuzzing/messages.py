"""Damage inside protobuf messages by their schema: fields changed one by one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError

from sigfix.reading.protos import message_class
from tests.fuzzing import values
from tests.fuzzing.wire_damage import changed_without_schema

_INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
    FieldDescriptor.CPPTYPE_ENUM: (-(2**31), 2**31 - 1),
}
_FLOATS = (0.0, -1.0, 1e38, float("nan"), float("inf"))


def changed(name: str, data: bytes, generator: random.Random) -> bytes:
    """An encoded message of the table with a few of its fields changed."""
    return changed_as(message_class(name)(), data, generator)


def changed_as(message: Any, data: bytes, generator: random.Random) -> bytes:
    """The same, where `message` is an empty one of its kind."""
    if generator.random() < 0.1:
        return changed_without_schema(data, generator)
    try:
        message.ParseFromString(data)
    except DecodeError:
        return values.damaged(data, generator)
    for _ in range(values.times(generator)):
        changed_message(message, generator)
    encoded: bytes = message.SerializeToString(deterministic=True)
    return encoded


def changed_once(message: Any, data: bytes, generator: random.Random) -> bytes:
    """The same with one value changed and nothing else."""
    try:
        message.ParseFromString(data)
    except DecodeError:
        return values.damaged(data, generator)
    _change_value(message, generator)
    encoded: bytes = message.SerializeToString(deterministic=True)
    return encoded


def changed_message(message: Any, generator: random.Random) -> None:
    """Change a field somewhere in a message: any value that it holds, or any of its parts."""
    if generator.random() < 0.6:
        _change_value(message, generator)
    else:
        _change(_somewhere(message, generator), generator)


Place = tuple[Any, FieldDescriptor, Any]
"""The message that holds a value, its field, and the index or key where there are several."""


def _places(message: Any) -> Iterator[Place]:
    """Every number and text in a message, however deep."""
    for field, value in message.ListFields():
        if _is_map(field):
            for key in sorted(value):
                if field.message_type.fields_by_name["value"].message_type is None:
                    yield message, field, key
                else:
                    yield from _places(value[key])
        elif field.message_type is None:
            for index in range(len(value)) if _is_list(field) else (None,):
                yield message, field, index
        else:
            for item in value if _is_list(field) else (value,):
                yield from _places(item)


def _change_value(message: Any, generator: random.Random) -> None:
    """Give one value an odd one, or that of another place.

    Every kind of field is as likely as the others, however many values of it there are: a version
    is there once, beside hundreds of node names.
    """
    every = list(_places(message))
    if not every:
        return
    places = every
    if generator.random() < 0.7:
        wanted = generator.choice(sorted({place[1].full_name for place in every}))
        places = [place for place in every if place[1].full_name == wanted]
    owner, field, at = generator.choice(places)
    kind = field.message_type.fields_by_name["value"] if _is_map(field) else field
    alike = [
        place
        for place in every
        if (place[1].type, place[1].enum_type) == (kind.type, kind.enum_type)
    ]
    if alike and generator.random() < 0.4:
        new = _read(*generator.choice(alike))
    else:
        new = _scalar(kind, generator)
    if at is None:
        setattr(owner, field.name, new)
    else:
        getattr(owner, field.name)[at] = new


def _read(owner: Any, field: FieldDescriptor, at: Any) -> Any:
    value = getattr(owner, field.name)
    return value if at is None else value[at]


def _is_list(field: FieldDescriptor) -> bool:
    """Whether a field is repeated: older protobufs say it by `label`, which newer ones lack."""
    if hasattr(field, "is_repeated"):
        return bool(field.is_repeated)
    return field.label == FieldDescriptor.LABEL_REPEATED


def _is_map(field: FieldDescriptor) -> bool:
    kind = field.message_type
    return kind is not None and kind.GetOptions().map_entry


def _somewhere(message: Any, generator: random.Random) -> Any:
    """The message itself, or one inside it, the outer ones as likely as the inner ones."""
    while generator.random() < 0.85:
        inner: list[Any] = []
        for field, value in message.ListFields():
            if field.cpp_type != FieldDescriptor.CPPTYPE_MESSAGE:
                continue
            if _is_map(field):
                if field.message_type.fields_by_name["value"].message_type is not None:
                    inner += [value[key] for key in sorted(value)]
            elif _is_list(field):
                inner += list(value)
            else:
                inner.append(value)
        if not inner:
            break
        message = generator.choice(inner)
    return message


def _change(message: Any, generator: random.Random) -> None:
    fields = list(message.DESCRIPTOR.fields)
    if not fields:
        return
    choices = [field for oneof in message.DESCRIPTOR.oneofs for field in oneof.fields]
    if choices and generator.random() < 0.5:  # a value of another kind in its place
        fields = choices
    present = [] if fields is choices else [field for field, _ in message.ListFields()]
    field = generator.choice(present if present and generator.random() < 0.75 else fields)
    if generator.random() < 0.2:
        message.ClearField(field.name)
    elif _is_map(field):
        _change_map(message, field, generator)
    elif _is_list(field):
        _change_list(message, field, generator)
    elif field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE:
        getattr(message, field.name).SetInParent()
    else:
        setattr(message, field.name, _scalar(field, generator))


def _change_map(message: Any, field: FieldDescriptor, generator: random.Random) -> None:
    items = getattr(message, field.name)
    key_field = field.message_type.fields_by_name["key"]
    value_field = field.message_type.fields_by_name["value"]
    key, old = _scalar(key_field, generator), sorted(items)
    if value_field.message_type is None:
        items[key] = _scalar(value_field, generator)
    elif old:
        items[key].CopyFrom(items[generator.choice(old)])
        if generator.random() < 0.5:
            del items[generator.choice(old)]
    else:
        items[key].SetInParent()


def _change_list(message: Any, field: FieldDescriptor, generator: random.Random) -> None:
    items = getattr(message, field.name)
    kind = generator.randrange(4)
    if items and kind == 0:
        del items[generator.randrange(len(items))]
    elif field.message_type is not None:
        if items and kind == 1:
            items.add().CopyFrom(generator.choice(items))
        elif len(items) > 1 and kind == 2:
            items[generator.randrange(len(items))].CopyFrom(generator.choice(items))
        else:
            items.add()
    elif items and kind == 1:
        items[generator.randrange(len(items))] = _scalar(field, generator)
    else:
        items.append(_scalar(field, generator))


def _scalar(field: FieldDescriptor, generator: random.Random) -> Any:
    if field.enum_type is not None and field.enum_type.is_closed:
        return generator.choice([item.number for item in field.enum_type.values])
    if field.cpp_type in _INTEGERS:
        least, most = _INTEGERS[field.cpp_type]
        return min(max(values.number(generator), least), most)
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return generator.random() < 0.5
    if field.cpp_type in (FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE):
        return generator.choice(_FLOATS)
    said = values.text(generator)
    return said.encode() if field.type == FieldDescriptor.TYPE_BYTES else said
