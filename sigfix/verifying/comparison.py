"""Compare what two artefacts compute from the same inputs.

A comparison of nothing fails: no output, an empty array, an output of only NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sigfix.verifying.arrays import Array
from sigfix.verifying.tolerances import Limit
from sigfix.wording import plural

NEARLY_CONSTANT = 0.01
"""A range below this part of the largest magnitude is too small to measure float32 by."""

LIVE = 0.01
"""Values that span less than this part of what the output spans elsewhere are measured by that."""

_TEXT_KINDS = "OSUT"


@dataclass(frozen=True)
class OutputParity:
    """How far one output is from the reference.

    `absolute` is max |result - reference|, and `relative` that divided by the reference's range
    (see `compare`); both are None where the values cannot be subtracted (strings, other shapes).
    `different` counts the elements that are not equal, `limit` is the largest `relative` that was
    allowed, `not_finite` counts the NaN and infinities of the reference. `worst` is the index of
    the largest difference. `reason` says why `ok` is false, and `nothing` that it is because
    there was nothing to compare.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    ok: bool
    absolute: float | None = None
    relative: float | None = None
    worst: tuple[int, ...] | None = None
    different: int | None = None
    limit: float | None = None
    not_finite: int = 0
    reason: str = ""
    nothing: bool = False


@dataclass(frozen=True)
class Parity:
    """The outputs of one comparison; `reason` says why there is nothing to compare."""

    outputs: tuple[OutputParity, ...]
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
    reference: Mapping[str, Array],
    result: Mapping[str, Array],
    limits: float | Mapping[str, Limit],
    spans: Mapping[str, float] | None = None,
) -> Parity:
    """Compare `result` with `reference`, output by output; `limits` are for all, or by output.

    Floats differ by max |result - reference| / (max(reference) - min(reference)), taken over the
    finite elements of the reference, which must be within the limit. Where the reference is
    nearly constant (`NEARLY_CONSTANT`) its largest magnitude takes the range's place, and where
    it is all zero, 1; `spans` are what the outputs span over all inputs (see `spans_of`), of which
    `LIVE` is the least that a range is taken for. NaN and infinities must lie at the same places.
    Integers, booleans and strings must be equal, but for the part of the elements that the limit
    allows.
    Shape and dtype must be the same: no broadcasting, no casting. Complex numbers are compared as
    pairs, with one more index in `worst`.
    """
    if not reference:
        return Parity((), "the reference has no output to compare")
    rows = []
    for name, expected in reference.items():
        limit = Limit(limits) if isinstance(limits, (int, float)) else limits[name]
        span = LIVE * (spans or {}).get(name, 0.0)
        rows.append(_compare_output(name, np.asarray(expected), result, limit, span))
    rows += [
        OutputParity(
            name, str(result[name].dtype), result[name].shape, False, reason="not in the reference"
        )
        for name in result
        if name not in reference
    ]
    return Parity(tuple(rows))


def spans_of(references: Sequence[Mapping[str, Array]]) -> dict[str, float]:
    """Output -> what its finite values span over all sets of inputs; floats alone have a span."""
    found: dict[str, tuple[float, float]] = {}
    for outputs in references:
        for name, array in outputs.items():
            values = np.asarray(array)
            if values.dtype.kind not in "fcV" or not values.size:
                continue
            numbers = _as_double(values)
            numbers = numbers[np.isfinite(numbers)]
            if numbers.size:
                low, high = found.get(name, (np.inf, -np.inf))
                found[name] = (min(low, float(numbers.min())), max(high, float(numbers.max())))
    return {name: high - low for name, (low, high) in found.items()}


def _compare_output(
    name: str, expected: Array, result: Mapping[str, Array], limit: Limit, least_range: float
) -> OutputParity:
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
        return row(False, "it is empty: nothing was compared", nothing=True)
    if expected.dtype.kind in _TEXT_KINDS or expected.dtype.kind == "b":
        return row(**_exact(expected, actual, limit))
    if expected.dtype.kind in "iu":
        difference = _integer_difference(expected, actual)
        return row(**_exact(expected, actual, limit), absolute=float(difference.max()))
    return row(**_close(_as_double(expected), _as_double(actual), limit, least_range))


def _exact(expected: Array, actual: Array, limit: Limit) -> dict[str, Any]:
    if expected.dtype.kind in _TEXT_KINDS:
        expected, actual = _as_text(expected), _as_text(actual)
    unequal = np.asarray(expected != actual, dtype=bool)
    count = int(unequal.sum())
    ok = count <= limit.different * expected.size
    return {
        "ok": ok,
        "different": count,
        "worst": _index(unequal) if count else None,
        "reason": "" if ok else f"{count} of {plural(expected.size, 'element')} differ",
    }


def _close(expected: Array, actual: Array, limit: Limit, least_range: float) -> dict[str, Any]:
    finite = np.isfinite(expected)
    same_special = (expected == actual) | (np.isnan(expected) & np.isnan(actual))
    disagree = (~finite | ~np.isfinite(actual)) & ~same_special
    if disagree.any():
        count = int(disagree.sum())
        return {
            "ok": False,
            "different": count,
            "worst": _index(disagree),
            "not_finite": int((~finite).sum()),
            "reason": f"NaN or infinity on one side only in {count} of "
            f"{plural(expected.size, 'element')}",
        }
    if not finite.any():
        return {
            "ok": False,
            "reason": "it has no finite number: nothing was compared",
            "not_finite": expected.size,
            "nothing": True,
        }
    difference = np.zeros(expected.shape)
    np.subtract(actual, expected, out=difference, where=finite)
    difference = np.abs(difference)
    absolute = float(difference.max())
    relative = absolute / max(range_of(expected[finite]), least_range)
    ok = relative <= limit.relative
    return {
        "ok": ok,
        "absolute": absolute,
        "relative": relative,
        "worst": _index(difference),
        "different": int((difference > 0).sum()),
        "limit": limit.relative,
        "not_finite": int((~finite).sum()),
        "reason": ""
        if ok
        else f"off by {relative:.2g} of its range, more than {limit.relative:.2g}",
    }


def range_of(values: Array) -> float:
    """What differences of finite values are measured by: see `compare`."""
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
