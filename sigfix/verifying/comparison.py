"""Compare what two artefacts compute from the same inputs.

A comparison of nothing fails: no output, an empty array, an output of only NaN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

NEARLY_CONSTANT = 0.01
"""A range below this part of the largest magnitude is too small to measure float32 by."""

_TEXT_KINDS = "OSUT"


@dataclass(frozen=True)
class OutputParity:
    """How far one output is from the reference.

    `absolute` is max |result - reference|, and `relative` that divided by the reference's range
    (see `compare`); both are None where the values cannot be subtracted (strings, other shapes).
    `different` counts the elements that are not equal. `worst` is the index of the largest
    difference. `reason` says why `ok` is false.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    ok: bool
    absolute: float | None = None
    relative: float | None = None
    worst: tuple[int, ...] | None = None
    different: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class Parity:
    """The outputs of one comparison; `reason` says why there is nothing to compare."""

    outputs: tuple[OutputParity, ...]
    tolerance: float
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether something was compared, and every output is within the tolerance."""
        return bool(self.outputs) and all(output.ok for output in self.outputs)

    @property
    def worst(self) -> OutputParity | None:
        """The output that fails, or else the one with the largest relative difference."""
        return max(
            self.outputs,
            key=lambda output: (not output.ok, output.relative or 0.0),
            default=None,
        )


def compare(
    reference: Mapping[str, Array], result: Mapping[str, Array], tolerance: float
) -> Parity:
    """Compare `result` with `reference`, output by output.

    Floats differ by max |result - reference| / (max(reference) - min(reference)), taken over the
    finite elements of the reference, which must be within `tolerance`. Where the reference is
    nearly constant (`NEARLY_CONSTANT`) its largest magnitude takes the range's place, and where
    it is all zero, 1. NaN and infinities must lie at the same places. Integers, booleans and
    strings must be equal. Shape and dtype must be the same: no broadcasting, no casting. Complex
    numbers are compared as pairs, with one more index in `worst`.
    """
    if not reference:
        return Parity((), tolerance, "the reference has no output to compare")
    rows = [_compare_output(name, reference[name], result, tolerance) for name in reference]
    rows += [
        OutputParity(
            name, str(result[name].dtype), result[name].shape, False, reason="not in the reference"
        )
        for name in result
        if name not in reference
    ]
    return Parity(tuple(rows), tolerance)


def _compare_output(
    name: str, expected: Array, result: Mapping[str, Array], tolerance: float
) -> OutputParity:
    expected = np.asarray(expected)

    def row(ok: bool, reason: str = "", **measured: Any) -> OutputParity:
        return OutputParity(
            name, str(expected.dtype), expected.shape, ok, reason=reason, **measured
        )

    if name not in result:
        return row(False, "missing from the result")
    actual = np.asarray(result[name])
    if actual.shape != expected.shape:
        return row(False, f"its shape is {actual.shape}, not {expected.shape}")
    is_text = expected.dtype.kind in _TEXT_KINDS and actual.dtype.kind in _TEXT_KINDS
    if actual.dtype.name != expected.dtype.name and not is_text:
        return row(False, f"its dtype is {actual.dtype}, not {expected.dtype}")
    if expected.size == 0:
        return row(False, "it is empty: nothing was compared")
    if expected.dtype.kind in _TEXT_KINDS or expected.dtype.kind == "b":
        return row(**_exact(expected, actual))
    if expected.dtype.kind in "iu":
        difference = _integer_difference(expected, actual)
        return row(**_exact(expected, actual), absolute=float(difference.max()))
    return row(**_close(_as_double(expected), _as_double(actual), tolerance))


def _exact(expected: Array, actual: Array) -> dict[str, Any]:
    if expected.dtype.kind in _TEXT_KINDS:
        expected, actual = _as_text(expected), _as_text(actual)
    unequal = np.asarray(expected != actual, dtype=bool)
    count = int(unequal.sum())
    return {
        "ok": count == 0,
        "different": count,
        "worst": _index(unequal) if count else None,
        "reason": f"{count} of {expected.size} elements differ" if count else "",
    }


def _close(expected: Array, actual: Array, tolerance: float) -> dict[str, Any]:
    finite = np.isfinite(expected)
    same_special = (expected == actual) | (np.isnan(expected) & np.isnan(actual))
    disagree = (~finite | ~np.isfinite(actual)) & ~same_special
    if disagree.any():
        count = int(disagree.sum())
        return {
            "ok": False,
            "different": count,
            "worst": _index(disagree),
            "reason": f"NaN or infinity on one side only in {count} of {expected.size} elements",
        }
    if not finite.any():
        return {"ok": False, "reason": "it has no finite number: nothing was compared"}
    difference = np.zeros(expected.shape)
    np.subtract(actual, expected, out=difference, where=finite)
    difference = np.abs(difference)
    absolute = float(difference.max())
    relative = absolute / _range(expected[finite])
    ok = relative <= tolerance
    return {
        "ok": ok,
        "absolute": absolute,
        "relative": relative,
        "worst": _index(difference),
        "different": int((difference > 0).sum()),
        "reason": "" if ok else f"off by {relative:.2g} of its range, more than {tolerance:.2g}",
    }


def _range(values: Array) -> float:
    spread, magnitude = values.max() - values.min(), np.abs(values).max()
    return float(spread if spread >= NEARLY_CONSTANT * magnitude else magnitude) or 1.0


def _integer_difference(expected: Array, actual: Array) -> Array:
    """Return |actual - expected| without wrapping around at the ends of the type."""
    larger, smaller = np.maximum(expected, actual), np.minimum(expected, actual)
    return np.asarray(larger.astype(np.float64) - smaller.astype(np.float64))


def _as_double(values: Array) -> Array:
    if values.dtype.kind == "c":
        values = np.stack([values.real, values.imag], axis=-1)
    return np.asarray(values, dtype=np.float64)


def _as_text(values: Array) -> Array:
    texts = np.empty(values.shape, dtype=object)
    for index in np.ndindex(values.shape):
        text = values[index]
        texts[index] = text.encode() if isinstance(text, str) else bytes(text)
    return texts


def _index(values: Array) -> tuple[int, ...]:
    return tuple(int(axis) for axis in np.unravel_index(int(np.argmax(values)), values.shape))
