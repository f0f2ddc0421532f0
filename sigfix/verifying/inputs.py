"""Inputs to run an artefact with: seeded noise, or arrays that the user gives."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sigfix.errors import NotVerifiedError, UsageError
from sigfix.model.specs import Shape, TensorSpec, format_shape

Array = npt.NDArray[Any]
Arrays = dict[str, Array]
Noise = Callable[[np.random.Generator, tuple[int, ...]], Array]

SEED = 0
UNKNOWN_SIZE = 64
"""Size of a dynamic dimension other than the batch: enough for six halvings of an image."""

_LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"))


def _words(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    letters = random.choice(_LETTERS, size=(*shape, 5))
    words = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        words[index] = "".join(letters[index]).encode()
    return words


def _below(limit: int) -> Noise:
    return lambda random, shape: np.asarray(random.integers(0, limit, shape))


def _uniform(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(random.random(shape))


# What noise is made of: pixels in 0..1 or 0..255; other integers small enough to be an index
# into most tables. Words only look like text.
_NOISE: dict[str, Noise] = {
    "float16": _uniform,
    "float32": _uniform,
    "float64": _uniform,
    "int8": _below(10),
    "int16": _below(10),
    "int32": _below(10),
    "int64": _below(10),
    "uint8": _below(256),
    "uint16": _below(10),
    "uint32": _below(10),
    "uint64": _below(10),
    "bool": _below(2),
    "string": _words,
}


def seeded_inputs(specs: Mapping[str, TensorSpec], batch: int, seed: int = SEED) -> Arrays:
    """Make one array for each input of `specs` (by signature key), the same for the same seed.

    A dynamic first dimension takes `batch`, any other dynamic dimension `UNKNOWN_SIZE`. Floats
    are uniform in 0..1, uint8 in 0..255, other integers in 0..9; strings are `object` arrays of
    bytes.

    Raises `NotVerifiedError` for an input of unknown rank or of a dtype that has no noise.
    """
    random = np.random.default_rng(seed)
    arrays = {}
    for name in sorted(specs):
        spec = specs[name]
        make = _NOISE.get(spec.dtype)
        if make is None or spec.shape is None:
            lack = "its rank is unknown" if make else f"it is of dtype {spec.dtype}"
            raise NotVerifiedError(
                f"No test input can be made up for {name!r}: {lack}.",
                "give real inputs with --inputs FILE.npz",
            )
        noise = make(random, _sizes(spec.shape, batch))
        arrays[name] = noise if spec.dtype == "string" else noise.astype(spec.dtype)
    return arrays


def _sizes(shape: tuple[int | None, ...], batch: int) -> tuple[int, ...]:
    return tuple(
        size if size is not None else batch if axis == 0 else UNKNOWN_SIZE
        for axis, size in enumerate(shape)
    )


def load_inputs(file: Path, specs: Mapping[str, TensorSpec]) -> Arrays:
    """Read the arrays of an .npz file and check them against `specs`, by signature key.

    Strings may be stored as NumPy's `S` or `U` arrays, and come back as `object` arrays of bytes.
    Integers are accepted for an integer input of another size where their values fit, and any
    float for a float input. Nothing is unpickled.

    Raises `UsageError` for a file that is not an .npz file, for missing or unknown names, and for
    a dtype or shape that the input does not take.
    """
    stored = read_npz(file)
    names = ", ".join(specs) or "none"
    missing = [name for name in specs if name not in stored]
    unknown = [name for name in stored if name not in specs]
    if missing or unknown:
        said = [f"it has no {name!r}" for name in missing]
        said += [f"the model has no input {name!r}" for name in unknown]
        raise UsageError(
            f"{file} does not fit the model: {'; '.join(said)}.",
            f"numpy.savez with the names of the inputs: {names}",
        )
    return {name: _fitted(file, name, stored[name], specs[name]) for name in specs}


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
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise UsageError(f"{file} cannot be read as an .npz file: {reason}.", hint) from error


def _fitted(file: Path, name: str, array: Array, spec: TensorSpec) -> Array:
    where = f"{name!r} in {file}"
    if not _shape_fits(array.shape, spec.shape):
        raise UsageError(
            f"{where} has shape {format_shape(array.shape)}; "
            f"the model takes {format_shape(spec.shape)}."
        )
    kind = array.dtype.kind
    if spec.dtype == "string" and kind in "SU":
        return _as_bytes(array)
    wanted = np.dtype(spec.dtype).kind if spec.dtype in _NOISE and spec.dtype != "string" else ""
    if array.dtype.name == spec.dtype or (kind == "f" and wanted == "f"):
        return array.astype(spec.dtype)
    if kind in "iu" and wanted and wanted in "iu":
        limits = np.iinfo(spec.dtype)
        if array.size == 0 or (array.min() >= limits.min and array.max() <= limits.max):
            return array.astype(spec.dtype)
        raise UsageError(f"{where} has values that do not fit into {spec.dtype}.")
    raise UsageError(f"{where} is of dtype {array.dtype}; the model takes {spec.dtype}.")


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
