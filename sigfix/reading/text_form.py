"""Protobuf text to the binary form, some ten times faster than protobuf's parser in Python.

Printers lay text out by one rule: a line a field, a block's end at the indentation of its start. A
graph repeats its blocks thousands of times, and one that was read once is not read again. What is
laid out in another way is left to protobuf's parser, whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from google.protobuf import text_encoding, text_format
from google.protobuf.message_factory import GetMessageClass

from sigfix.wire import bytes_field, number_field

_LINE = re.compile(r'( *)(\w+)(?: (\{)|: (?:"(.*)"|([^\s"]+)))\n')
_REMEMBERED = 1000
"""Characters of a block that may come again; larger ones seldom do."""
_DEEPEST = 60
"""Levels of blocks in blocks; no graph has a tenth of it."""
_STRING, _BYTES, _BOOL, _ENUM, _MESSAGE = 9, 12, 8, 14, 11
_WHOLE_NUMBERS = {3: (-(1 << 63), 1 << 63), 4: (0, 1 << 64), 5: (-(1 << 31), 1 << 31),
                  13: (0, 1 << 32)}  # fmt: skip
"""int64, uint64, int32, uint32, by FieldDescriptor.type -> from, and below."""
_DECIMAL = re.compile(r"0|-?[1-9][0-9]{0,19}")

Known = dict[tuple[str, str], bytes]
"""(Message, block) -> its binary form."""


class NotLaidOut(Exception):
    """The text is not laid out as printers do it, or it is wrong: the parser says which."""


def to_binary(text: str, descriptor: Any) -> bytes:
    """A message in text form, as printers write it, in binary form.

    Fields of other versions, which `descriptor` has not, are left out. Raises `NotLaidOut`.
    """
    return b"".join(_message(text, descriptor, "", {}))


def _message(text: str, descriptor: Any, indent: str, known: Known) -> Iterator[bytes]:
    """The fields of a message, whose lines all begin with `indent`."""
    if len(indent) > 2 * _DEEPEST:
        raise NotLaidOut
    fields = descriptor.fields_by_name
    seen: set[str] = set()
    start = 0
    while start < len(text):
        line = _LINE.match(text, start)
        if line is None or line[1] != indent:
            raise NotLaidOut
        end = line.end()
        field = fields.get(line[2])
        if field is not None and not _is_repeated(field):
            choice = field.containing_oneof.name if field.containing_oneof else line[2]
            if choice in seen:
                raise NotLaidOut
            seen.add(choice)
        if line[3]:
            close = f"\n{indent}}}\n"
            inside, end = end, text.find(close, end - 1) + 1
            if not end:
                raise NotLaidOut
            inner, end = text[inside:end], end + len(close) - 1
            if field is not None and field.type == _MESSAGE:
                found = _block(inner, field.message_type, indent + "  ", known)
                yield bytes_field(field.number, found)
            else:
                yield _read(text[start:end], descriptor)
        else:
            yield _scalar(field, line) or _read(text[start:end], descriptor)
        start = end


def _block(inner: str, descriptor: Any, indent: str, known: Known) -> bytes:
    key = (descriptor.full_name, inner)
    if key in known:
        return known[key]
    found = b"".join(_message(inner, descriptor, indent, known))
    if len(inner) <= _REMEMBERED:
        known[key] = found
    return found


def _scalar(field: Any, line: re.Match[str]) -> bytes:
    """A field of one value in binary form; b"" where protobuf's parser is to read it."""
    if field is None:
        return b""
    text, word = line[4], line[5]
    if text is not None and field.type in (_STRING, _BYTES):
        return bytes_field(field.number, _unquoted(text, field.type == _STRING))
    number = _whole_number(field, word) if word is not None else None
    return b"" if number is None else number_field(field.number, number)


def _unquoted(text: str, is_text: bool) -> bytes:
    """What stands between quotes, which is one string and not several."""
    plain = text.replace("\\\\", "")
    if '"' in plain.replace('\\"', "") or plain.endswith("\\"):
        raise NotLaidOut
    try:
        data = text_encoding.CUnescape(text) if "\\" in text else text.encode()
        if is_text:
            data.decode("utf-8")
    except ValueError as error:  # UnicodeDecodeError is one
        raise NotLaidOut from error
    return data


def _whole_number(field: Any, word: str) -> int | None:
    """What is written as a varint, in 64 bits; None for another type, or another spelling."""
    if field.type == _BOOL:
        return {"true": 1, "false": 0}.get(word)
    if field.type == _ENUM:
        value = field.enum_type.values_by_name.get(word)
        return None if value is None else value.number & (1 << 64) - 1
    if field.type not in _WHOLE_NUMBERS or not _DECIMAL.fullmatch(word):
        return None
    least, below = _WHOLE_NUMBERS[field.type]
    number = int(word)
    return number & (1 << 64) - 1 if least <= number < below else None


def _is_repeated(field: Any) -> bool:
    """Protobuf 6.31 has a property for it, and calls the label, which all have, deprecated."""
    repeated = getattr(field, "is_repeated", None)
    return bool(field.label == field.LABEL_REPEATED if repeated is None else repeated)


def _read(piece: str, descriptor: Any) -> bytes:
    """What is left of a message: values of other types and spellings, and unknown fields."""
    try:
        message = GetMessageClass(descriptor)()
        text_format.Parse(piece, message, allow_unknown_field=True)
    except (text_format.ParseError, ValueError, TypeError) as error:
        raise NotLaidOut from error
    written: bytes = message.SerializeToString()
    return written
