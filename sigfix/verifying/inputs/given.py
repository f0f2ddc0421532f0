"""Arrays that the user gives (`--inputs FILE.npz`), checked against what the model takes."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sigfix.errors import UsageError, first_line
from sigfix.model.specs import Shape, TensorSpec, format_shape
from sigfix.verifying.arrays import Array, Arrays, numpy_dtype


def load_inputs(file: Path, specs: Mapping[str, TensorSpec]) -> Arrays:
    """Read the arrays of an .npz file and check them against `specs`, by signature key.

    Raises `UsageError` as `read_npz` and `fit_inputs` do.
    """
    return fit_inputs(read_npz(file), specs, str(file))


def fit_inputs(given: Arrays, specs: Mapping[str, TensorSpec], where: str = "--inputs") -> Arrays:
    """The arrays in the dtypes of `specs`; `where` says in messages where they come from.

    Strings may be NumPy's `S` or `U` arrays, and come back as `object` arrays of bytes. Integers
    are accepted for an integer input of another size where their values fit, and any float for a
    float input.

    Raises `UsageError` for missing or unknown names, and for a dtype or shape that the input does
    not take.
    """
    names = ", ".join(specs) or "none"
    missing = [name for name in specs if name not in given]
    unknown = [name for name in given if name not in specs]
    if missing or unknown:
        said = [f"it has no {name!r}" for name in missing]
        said += [f"the model has no input {name!r}" for name in unknown]
        raise UsageError(
            f"{where} does not fit the model: {'; '.join(said)}.",
            f"numpy.savez with the names of the inputs: {names}",
        )
    return {name: _fitted(where, name, given[name], specs[name]) for name in specs}


def read_npz(file: Path) -> Arrays:
    """The arrays of an .npz file by name; `UsageError` where it is none."""
    hint = "make it in Python: numpy.savez('inputs.npz', NAME=array)"
    if not file.is_file():
        raise UsageError(f"{file} does not exist, or is not a file.", hint)
    try:
        loaded = np.load(file, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            raise UsageError(f"{file} holds one array without a name (.npy).", hint)
        with loaded as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        reason = first_line(error).rstrip(".")
        raise UsageError(f"{file} cannot be read as an .npz file: {reason}.", hint) from error


def _fitted(file: str, name: str, array: Array, spec: TensorSpec) -> Array:
    where = f"{name!r} in {file}"
    if not _shape_fits(array.shape, spec.shape):
        raise UsageError(
            f"{where} has shape {format_shape(array.shape)}; "
            f"the model takes {format_shape(spec.shape)}."
        )
    kind = array.dtype.kind
    if spec.dtype == "string" and kind in "SUO":
        return _as_bytes(array)
    wanted = "" if spec.dtype == "string" else _kind(spec.dtype)
    if array.dtype.name == spec.dtype or (kind == "f" and wanted == "f"):
        return array.astype(numpy_dtype(spec.dtype))
    if kind in "iu" and wanted and wanted in "iu":
        limits = np.iinfo(spec.dtype)
        if array.size == 0 or (array.min() >= limits.min and array.max() <= limits.max):
            return array.astype(numpy_dtype(spec.dtype))
        raise UsageError(f"{where} has values that do not fit into {spec.dtype}.")
    raise UsageError(f"{where} is of dtype {array.dtype}; the model takes {spec.dtype}.")


def _kind(dtype: str) -> str:
    try:
        return "f" if dtype == "bfloat16" else numpy_dtype(dtype).kind
    except TypeError:
        return ""


def _shape_fits(actual: tuple[int, ...], declared: Shape) -> bool:
    if declared is None:
        return True
    return len(actual) == len(declared) and all(
        size is None or size == given for given, size in zip(actual, declared, strict=True)
    )


def _as_bytes(array: Array) -> Array:
    texts = np.empty(array.shape, dtype=object)
    for index in np.ndindex(array.shape):
        text = array[index]
        texts[index] = text.encode() if isinstance(text, str) else bytes(text)
    return texts
