"""Weights as TensorFlow.js reads them: their bytes in shards, and the manifest that names them.

They come and go one by one: a model's weights may be most of the memory that there is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from sigfix.errors import ConversionError
from sigfix.exporting.tensorflowjs_parts import part

SHARD_BYTES = 4 * 1024 * 1024
NARROWED = {
    "float16": "float32", "bfloat16": "float32", "float64": "float32", "int8": "int32",
    "int16": "int32", "uint32": "int32", "int64": "int32", "uint64": "int32",
    "complex128": "complex64",
}  # fmt: skip
"""What TensorFlow.js has no type for -> what it is stored as."""
STORED = {
    "float32": "float32", "int32": "int32", "complex64": "complex64", "uint8": "uint8",
    "uint16": "uint16", "bool": "bool", "object": "string",
}  # fmt: skip
"""NumPy's types that weights are stored as, and what the manifest calls them."""

Array = np.ndarray[Any, Any]


def write_weights(
    weights: Iterable[tuple[str, Array]], folder: Path, quantised: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Write weights by name into `folder`, in shards of `SHARD_BYTES`, and return the manifest.

    `quantised` has the smaller type (`uint8`, `uint16`, `float16`) of those that get one.
    Raises `ConversionError` for a type that TensorFlow.js has not.
    """
    shards = _Shards(folder)
    entries = []
    for name, exact in weights:
        data = narrowed(exact)
        if data.dtype.name not in STORED:
            raise ConversionError(
                f"TensorFlow.js has no type for the constant {name}, which is {data.dtype.name}.",
                "leave the part that uses it out of the signature (sigfix repair --output)",
            )
        entry: dict[str, Any] = {"name": name, "shape": list(data.shape)}
        entry["dtype"] = STORED[data.dtype.name]
        if name in quantised and data.dtype == np.float32:
            kind = np.dtype(quantised[name])
            data, scale = part("quantization").quantize_weights(data, kind.type)
            entry["quantization"] = {"dtype": kind.name, **scale, "original_dtype": "float32"}
        entries.append(entry)
        shards.write(_strings(data) if data.dtype == object else data.tobytes())
    return [{"paths": shards.finish(), "weights": entries}]


def narrowed(weights: Array) -> Array:
    """Weights in a type that TensorFlow.js has (see `NARROWED`).

    Whole numbers become the nearest int32: an exporter's "to the end" is the largest int64.
    """
    dtype = NARROWED.get(weights.dtype.name)
    if dtype is None:
        return weights
    if dtype == "int32":
        limits, own = np.iinfo(np.int32), np.iinfo(weights.dtype)
        ends = max(limits.min, own.min), min(limits.max, own.max)
        weights = np.asarray(weights.clip(*ends))  # of a scalar: no array
    return weights.astype(dtype)


def stored_weights(model: Path) -> dict[str, Array]:
    """Weights by node name as TF.js will see them: dequantised, read by the package itself."""
    manifest = json.loads((model / "model.json").read_text("utf-8"))["weightsManifest"]
    groups = part("read_weights").read_weights(manifest, str(model), flatten=True)
    return {entry["name"]: entry["data"] for entry in groups}


def _strings(data: Array) -> bytes:
    """Each string behind its length, four bytes with the least first."""
    texts = (item if isinstance(item, bytes) else item.encode() for item in data.flat)
    return b"".join(len(text).to_bytes(4, "little") + text for text in texts)


class _Shards:
    """One run of bytes in files that are full but for the last, named once it is known how many."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: list[Path] = []
        self._open: IO[bytes] | None = None
        self._room = 0

    def write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            if self._open is None or not self._room:
                self._next()
            assert self._open is not None
            self._open.write(rest[: self._room])
            written = min(self._room, len(rest))
            rest, self._room = rest[written:], self._room - written

    def finish(self) -> list[str]:
        if self._open is not None:
            self._open.close()
        names = [f"group1-shard{n + 1}of{len(self._files)}.bin" for n in range(len(self._files))]
        for file, name in zip(self._files, names, strict=True):
            file.rename(self._folder / name)
        return names

    def _next(self) -> None:
        if self._open is not None:
            self._open.close()
        self._files.append(self._folder / f"unfinished{len(self._files)}")
        self._open = self._files[-1].open("wb")
        self._room = SHARD_BYTES
