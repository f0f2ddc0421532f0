"""The numbers of a TensorFlow.js model, in its weight files."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sigfix.model import NonFinite
from sigfix.reading.stored_values import Span, StoredValues
from sigfix.reading.tfjs import weight_bytes

_REDUCED = ("uint8", "uint16")
"""Types that a float is reduced to, with a scale and a least value."""


def tfjs_tensors(path: Path) -> Iterator[StoredValues]:
    """Every tensor of floats that is stored as floats. A group with a missing file has none."""
    for group in _groups(path):
        files = [path.parent / str(name) for name in group.get("paths") or ()]
        if not all(_lies_below(path.parent, file) for file in files):
            continue
        position = 0
        for weight in _weights(group):
            size = weight_bytes(weight)
            dtype = str(_quantization(weight).get("dtype", weight.get("dtype", "float32")))
            shape = tuple(int(length) for length in weight.get("shape") or ())
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
                count = math.prod(int(length) for length in weight.get("shape") or ())
                nans = count if any(map(math.isnan, numbers)) else 0
                yield NonFinite(str(weight.get("name", "")), nans, count - nans, count)


def _number(value: Any) -> float:
    """A number of the manifest; `NaN` and `Infinity`, which JSON does not have, are words."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _groups(path: Path) -> list[dict[str, Any]]:
    manifest = json.loads(path.read_bytes(), parse_constant=str).get("weightsManifest")
    return [group for group in manifest or () if isinstance(group, dict)]


def _weights(group: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for item in group.get("weights") or () if isinstance(item, dict)]


def _quantization(weight: dict[str, Any]) -> dict[str, Any]:
    found = weight.get("quantization")
    return found if isinstance(found, dict) else {}


def _lies_below(folder: Path, file: Path) -> bool:
    return ".." not in file.relative_to(folder).parts and file.is_file()


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
