"""The numbers in an ONNX file: initializers, constants, those of subgraphs, external data."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from sigfix.reading.files import companion_problem
from sigfix.reading.float_bits import FORMATS
from sigfix.reading.stored_values import Span, StoredValues
from sigfix.wire import Buffer, inside, read_varint, text
from sigfix.wire import Span as Bounds

_FLOATS = {1: "float32", 10: "float16", 11: "float64", 14: "complex64", 15: "complex128",
           16: "bfloat16"}  # fmt: skip
"""TensorProto.DataType of the numbers that can be infinite."""
_RAW = (4, 9, 10)
"""float_data, raw_data and double_data: bytes of numbers."""
_INTEGERS = 5
"""int32_data, where numbers of 16 bits are."""
_DEEPEST = 20
_WITH_SUBGRAPHS = ("If", "Loop", "Scan")


def onnx_tensors(data: Buffer, folder: Path) -> Iterator[StoredValues]:
    """Every tensor of floats in an ONNX file; its external data is in `folder`.

    Raises ValueError where the bytes are no message.
    """
    for number, value in inside(data, (0, len(data))):
        if number == 7:
            yield from _graph(data, value, folder, 0)


def _graph(data: Buffer, span: int | Bounds, folder: Path, depth: int) -> Iterator[StoredValues]:
    if depth > _DEEPEST:
        return
    for number, value in inside(data, span):
        if number == 1:
            yield from _node(data, value, folder, depth)
        elif number == 5:
            yield from _tensor(data, value, folder, "")


def _node(data: Buffer, span: int | Bounds, folder: Path, depth: int) -> Iterator[StoredValues]:
    outputs, operator, attributes = [], "", []
    for number, value in inside(data, span):
        if number == 2:
            outputs.append(value)
        elif number == 4:
            operator = text(data, value)
        elif number == 5:
            attributes.append(value)
    if operator == "Constant":
        name = text(data, outputs[0]) if outputs else ""
        for attribute in attributes:
            for number, value in inside(data, attribute):
                if number == 5:
                    yield from _tensor(data, value, folder, name)
    elif operator in _WITH_SUBGRAPHS:
        for attribute in attributes:
            for number, value in inside(data, attribute):
                if number == 6:
                    yield from _graph(data, value, folder, depth + 1)


def _tensor(data: Buffer, span: int | Bounds, folder: Path, name: str) -> Iterator[StoredValues]:
    shape: list[int] = []
    dtype = ""
    spans: list[Span] = []
    external: dict[str, str] = {}
    for number, value in inside(data, span):
        if number == 1:
            shape += [value] if isinstance(value, int) else _varints(data, value)
        elif number == 2 and isinstance(value, int):
            dtype = _FLOATS.get(value, "")
            if not dtype:
                return
        elif number == 8:
            name = name or text(data, value)
        elif number == 13:
            entry = {part: text(data, inner) for part, inner in inside(data, value)}
            external[entry.get(1, "")] = entry.get(2, "")
        elif isinstance(value, int):
            continue
        elif number in _RAW:
            spans.append(Span(data, value[0], value[1] - value[0]))
        elif number == _INTEGERS and FORMATS[dtype or "float16"].width == 2:
            numbers = [each & 0xFFFF for each in _varints(data, value)]
            bits = struct.pack(f"<{len(numbers)}H", *numbers)
            spans.append(Span(bits, 0, len(bits)))
    if external:
        spans = _external(external, folder)
    if dtype and spans:
        yield StoredValues(name, dtype, tuple(spans), tuple(shape))


def _varints(data: Buffer, bounds: Bounds) -> list[int]:
    found, position = [], bounds[0]
    while position < bounds[1]:
        value, position = read_varint(data, position)
        found.append(value)
    return found


def _external(entry: dict[str, str], folder: Path) -> list[Span]:
    """Where external data lies; nothing where the file is not below the model's folder."""
    location = entry.get("location", "")
    if companion_problem(folder, location, "external data file") is not None:
        return []
    path = folder / location
    try:
        start, size = int(entry.get("offset") or 0), int(entry.get("length") or 0)
    except ValueError:
        return []
    if start < 0:
        return []
    return [Span(path, start, size if size > 0 else max(path.stat().st_size - start, 0))]
