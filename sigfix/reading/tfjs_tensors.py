"""The numbers of a TensorFlow.js model, in its weight files."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sigfix.model import NonFinite
from sigfix.reading.files import companion_problem, read_bytes
from sigfix.reading.stored_values import Span, StoredValues
from sigfix.reading.tfjs import LARGEST, as_integer, as_list, as_object, weight_bytes

_REDUCED = ("uint8", "uint16")
"""Types that a float is reduced to, with a scale and a least value."""


def tfjs_tensors(path: Path) -> Iterator[StoredValues]:
    """Every tensor of floats that is stored as floats. A group with a missing file has none."""
    for group in _groups(path):
        names = [str(name) for name in as_list(group.get("paths"))]
        if any(companion_problem(path.parent, name, "weight file") for name in names):
            continue
        files = [path.parent / name for name in names]
        position = 0
        for weight in _weights(group):
            size = weight_bytes(weight)
            dtype = str(_quantization(weight).get("dtype", weight.get("dtype", "float32")))
            shape = tuple(map(as_integer, as_list(weight.get("shape"))))
            spans = tuple(_spans(files, position, size))
            yield StoredValues(str(weight.get("name", "")), dtype, spans, shape)
            position += size


def not_finite_scales(path: Path) -> Iterator[NonFinite]:
    """The quantised tensors whose scale or least value is no finite number: all of it is lost."""
    for group in _groups(path):
        for weight in _weights(group):
            quantization = _quantization(weight)
            if quantization.get("dtype") not in _REDUCED:
                continue
            numbers = [_number(quantization.get(key, 0)) for key in ("scale", "min")]
            if not all(map(math.isfinite, numbers)):
                count = math.prod(map(as_integer, as_list(weight.get("shape"))))
                nans = count if any(map(math.isnan, numbers)) else 0
                yield NonFinite(str(weight.get("name", "")), nans, count - nans, count)


def _number(value: Any) -> float:
    """A number of the manifest; `NaN` and `Infinity`, which JSON does not have, are words."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _groups(path: Path) -> list[dict[str, Any]]:
    document = as_object(json.loads(read_bytes(path, LARGEST), parse_constant=str))
    return [item for item in as_list(document.get("weightsManifest")) if isinstance(item, dict)]


def _weights(group: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for item in as_list(group.get("weights")) if isinstance(item, dict)]


def _quantization(weight: dict[str, Any]) -> dict[str, Any]:
    return as_object(weight.get("quantization"))


def _spans(files: list[Path], position: int, size: int) -> Iterator[Span]:
    """The parts of files that hold `size` bytes from `position` on, as if they were one."""
    for file in files:
        length = file.stat().st_size
        part = min(max(length - position, 0), size)
        if part > 0:
            yield Span(file, position, part)
            size -= part
            position = 0
        else:
            position -= length
        if size <= 0:
            return
