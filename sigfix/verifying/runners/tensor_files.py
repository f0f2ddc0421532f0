"""Tensors as TensorFlow.js holds them, and as files that sigfix/web/runner.mjs reads and writes.

TensorFlow.js has five dtypes: float32, int32, bool, string and complex64, of which each number is
two of float32.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np

from sigfix.errors import NotVerifiedError
from sigfix.verifying.arrays import Array, Arrays

TFJS_DTYPES = {
    "float16": "float32",
    "bfloat16": "float32",
    "float32": "float32",
    "float64": "float32",
    "int8": "int32",
    "int16": "int32",
    "int32": "int32",
    "int64": "int32",
    "uint8": "int32",
    "uint16": "int32",
    "uint32": "int32",
    "uint64": "int32",
    "bool": "bool",
    "complex64": "complex64",
    "complex128": "complex64",
    "object": "string",
}
"""NumPy dtype -> the dtype of TensorFlow.js that the converter gives such a tensor."""

_ON_DISK = {"float32": "<f4", "int32": "<i4", "bool": "?", "complex64": "<c8"}


def in_tfjs_dtypes(arrays: Arrays) -> Arrays:
    """Cast `arrays` to the dtypes TensorFlow.js holds them in, to feed or to compare with.

    An integer array with values that int32 cannot hold, and an array of a dtype that
    TensorFlow.js does not have, stay as they are (and so fail a comparison of dtypes).
    """
    return {name: _cast(array) for name, array in arrays.items()}


def _cast(array: Array) -> Array:
    array = np.asarray(array)
    if array.dtype.kind in "SU":
        return np.vectorize(_text_bytes, otypes=[object])(array) if array.size else array
    dtype = TFJS_DTYPES.get(array.dtype.name)
    if dtype == "int32" and array.size:
        limits = np.iinfo(np.int32)
        if array.max() > limits.max or array.min() < limits.min:
            return array
    return array if dtype in (None, "string") else array.astype(dtype)


def write_tensor(name: str, array: Array, file: Path) -> dict[str, Any]:
    """Write `array` to `file` and return its entry of the runner's request.

    Raises `NotVerifiedError` for a dtype or a value that TensorFlow.js has no room for.
    """
    array = _cast(array)
    dtype = "string" if array.dtype.kind == "O" else array.dtype.name
    if dtype == "string":
        texts = [base64.b64encode(_text_bytes(text)).decode() for text in array.ravel()]
        file.write_text(json.dumps(texts), "utf-8")
    elif dtype in _ON_DISK:
        file.write_bytes(array.astype(_ON_DISK[dtype]).tobytes())
    else:
        raise NotVerifiedError(
            f"The input {name!r} cannot be given to TensorFlow.js: it is of dtype {dtype}"
            + (" and has values past the limits of int32." if dtype in TFJS_DTYPES else "."),
            "give values that fit with --inputs FILE.npz",
        )
    return {"name": name, "dtype": dtype, "shape": list(array.shape), "file": str(file)}


def read_tensor(entry: dict[str, Any]) -> Array:
    """Read a tensor that the runner wrote; strings come back as an object array of bytes."""
    file, shape = Path(entry["file"]), tuple(entry["shape"])
    if entry["dtype"] == "string":
        texts = np.empty(shape, dtype=object)
        texts.ravel()[:] = [base64.b64decode(text) for text in json.loads(file.read_text("utf-8"))]
        return texts
    on_disk = np.frombuffer(file.read_bytes(), dtype=_ON_DISK[entry["dtype"]])
    return on_disk.astype(entry["dtype"]).reshape(shape)


def _text_bytes(text: Any) -> bytes:
    return text.encode() if isinstance(text, str) else bytes(text)
