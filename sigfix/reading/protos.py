"""Message classes for SavedModels, from a table of field numbers and a private pool.

The pool is private because a message called `tensorflow.SavedModel` in protobuf's default pool
would make TensorFlow's own import fail in the same process. Fields that the table does not know
are kept by the runtime and written back, so an edited message loses nothing.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError, Message

from sigfix.errors import BlockedError, UnreadableModelError

_TABLE = Path(__file__).with_name("messages.txt")
_SCALARS = {
    "double": 1, "float": 2, "int64": 3, "uint64": 4, "int32": 5, "fixed64": 6, "fixed32": 7,
    "bool": 8, "string": 9, "bytes": 12, "uint32": 13, "sint64": 18,
}  # fmt: skip
"""Type numbers of FieldDescriptorProto.Type."""
_ENUM, _MESSAGE = 14, 11


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


class _Table:
    """The table while it becomes two FileDescriptorProtos, one a package."""

    def __init__(self) -> None:
        self.files = {
            package: descriptor_pb2.FileDescriptorProto(
                name=f"sigfix/{package}.proto", package=package, syntax="proto3"
            )
            for package in ("google.protobuf", "tensorflow")
        }
        self.files["tensorflow"].dependency.append("sigfix/google.protobuf.proto")
        self.messages: dict[str, Any] = {}
        self.enums: dict[str, Any] = {}
        self.fields: list[tuple[str, str]] = []

    def declare(self, name: str, is_enum: bool) -> None:
        """Add an empty message or enumeration; an outer message is declared before an inner."""
        _, well_known, relative = name.rpartition("google.protobuf.")
        file = self.files["google.protobuf" if well_known else "tensorflow"]
        outer, _, inner = relative.rpartition(".")
        owner = self.messages[outer] if outer else file
        if is_enum:
            collection = owner.enum_type
        else:
            collection = owner.nested_type if outer else file.message_type
        created = collection.add(name=inner)
        (self.enums if is_enum else self.messages)[name] = created

    def set_type(self, field: Any, type_name: str) -> None:
        """Give a field its scalar, enumeration or message type."""
        if type_name in _SCALARS:
            field.type = _SCALARS[type_name]
            return
        field.type = _ENUM if type_name in self.enums else _MESSAGE
        absolute = type_name if type_name.startswith("google.") else f"tensorflow.{type_name}"
        field.type_name = f".{absolute}"

    def add_field(self, owner: str, line: str) -> None:
        """Add `number name type [in ONEOF]` to a message."""
        number, name, type_name, *rest = line.split()
        message = self.messages[owner]
        field = message.field.add(name=name, number=int(number), label=1)
        if type_name.startswith("map<"):
            key, value = type_name[4:-1].split(",")
            entry = message.nested_type.add(name=f"{_camel(name)}Entry")
            entry.options.map_entry = True
            for position, (part, part_type) in enumerate((("key", key), ("value", value)), 1):
                self.set_type(entry.field.add(name=part, number=position, label=1), part_type)
            field.label, field.type = 3, _MESSAGE
            field.type_name = f".tensorflow.{owner}.{entry.name}"
            return
        if type_name.endswith("*"):
            field.label = 3
        self.set_type(field, type_name.rstrip("*"))
        if rest:
            names = [oneof.name for oneof in message.oneof_decl]
            if rest[1] not in names:
                message.oneof_decl.add(name=rest[1])
                names.append(rest[1])
            field.oneof_index = names.index(rest[1])

    def add_values(self, name: str, line: str) -> None:
        """Add NAME=number pairs to an enumeration."""
        for pair in line.split():
            label, number = pair.split("=")
            self.enums[name].value.add(name=label, number=int(number))


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    table = _Table()
    blocks: list[tuple[str, bool, list[str]]] = []
    for line in _TABLE.read_text(encoding="ascii").splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith(" "):
            blocks[-1][2].append(line)
        else:
            blocks.append((line.removeprefix("enum "), line.startswith("enum "), []))
    for name, is_enum, _ in blocks:
        table.declare(name, is_enum)
    for name, is_enum, lines in blocks:
        for line in lines:
            (table.add_values if is_enum else table.add_field)(name, line)
    data_type = table.enums["DataType"]
    for value in list(data_type.value):
        if value.number:
            data_type.value.add(name=f"{value.name}_REF", number=value.number + 100)
    pool = descriptor_pool.DescriptorPool()
    for file in table.files.values():
        pool.AddSerializedFile(file.SerializeToString())
    return pool


@cache
def message_class(name: str) -> type[Message]:
    """The class of a message of the table, by its name there (`SavedModel`, `NodeDef`)."""
    full_name = name if name.startswith("google.") else f"tensorflow.{name}"
    descriptor = _pool().FindMessageTypeByName(full_name)
    created: type[Message] = message_factory.GetMessageClass(descriptor)
    return created


@cache
def dtype_names() -> dict[int, str]:
    """DataType number -> TensorFlow's Python name: `float32`, `float64`, `float32_ref`."""
    spelled = {"float": "float32", "double": "float64", "half": "float16"}
    names = {}
    for value in _pool().FindEnumTypeByName("tensorflow.DataType").values:
        name = value.name.removeprefix("DT_").lower()
        base = name.removesuffix("_ref")
        names[value.number] = spelled.get(base, base) + name[len(base) :]
    return names


def dtype_name(number: int) -> str:
    """The name of a DataType; `dtype 200` for a number that no known version has."""
    return dtype_names().get(number, f"dtype {number}")


def dtype_number(name: str) -> int:
    """The DataType of a Python dtype name. Raises `BlockedError` for a name that is none."""
    numbers = {known: number for number, known in dtype_names().items()}
    if name not in numbers:
        raise BlockedError(
            f"The model says that a tensor is of the type {name}, which there is not.",
            "save the model again",
        )
    return numbers[name]


def parse(name: str, data: bytes) -> Any:
    """`data` as a message of the table. Raises `UnreadableModelError` where it is not one."""
    message = message_class(name)()
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        raise UnreadableModelError(f"This is not a {name} message: {_reason(error)}.") from error
    return message


def parse_text(name: str, data: bytes, path: Path) -> Any:
    """A message in text form (`.pbtxt`). Raises `UnreadableModelError` with the line."""
    from google.protobuf import text_format

    from sigfix.reading.text_form import NotLaidOut, to_binary

    message = message_class(name)()
    try:
        text = data.decode("utf-8")
        with suppress(NotLaidOut):
            return parse(name, to_binary(text, message.DESCRIPTOR))
        text_format.Parse(text, message, allow_unknown_field=True, descriptor_pool=_pool())
    except UnicodeDecodeError as error:
        raise UnreadableModelError(f"{path} is not text.", code="CON214") from error
    except (text_format.ParseError, ValueError) as error:
        raise UnreadableModelError(
            f"{path} is not a {name} in text form: {_reason(error)}.", code="CON214"
        ) from error
    return message


def _reason(error: Exception) -> str:
    text = str(error).strip() or "the bytes do not parse"
    text = re.sub(r"^(\d+):(\d+) : ", r"line \1, column \2: ", text)
    return re.sub(r"\s+", " ", text).rstrip(".")
