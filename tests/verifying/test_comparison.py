from __future__ import annotations

import numpy as np
import pytest

from sigfix.verifying.comparison import compare

NAN, INF = np.nan, np.inf


def f32(*values):
    return np.array(values, dtype=np.float32)


def one(reference, result, tolerance=1e-5):
    parity = compare({"y": reference}, {"y": result}, tolerance)
    [output] = parity.outputs
    assert parity.ok == output.ok
    assert bool(output.reason) != output.ok
    return output


def test_a_float_output_is_measured_against_the_range_of_the_reference():
    reference = np.array([[-10.0, 0.0], [20.0, 30.0]], dtype=np.float32)
    result = reference.copy()
    result[1, 0] += 0.5
    output = one(reference, result, tolerance=0.02)
    assert output.ok
    assert (output.absolute, output.relative) == (0.5, 0.0125)
    assert (output.worst, output.different) == ((1, 0), 1)
    assert (output.name, output.dtype, output.shape) == ("y", "float32", (2, 2))
    assert not one(reference, result, tolerance=0.01).ok


def test_the_tolerance_itself_is_within_the_tolerance():
    assert one(f32(0, 1), f32(0, 1.25), tolerance=0.25).ok
    assert not one(f32(0, 1), f32(0, 1.2500001), tolerance=0.25).ok


def test_a_constant_output_is_measured_against_its_magnitude():
    assert one(f32(4, 4), f32(4, 5)).relative == 0.25
    assert one(f32(0, 0), f32(0, 0.5)).relative == 0.5
    assert one(np.float32(2), np.float32(3)).relative == 0.5
    rounding = f32(1, 1 - 6e-8)  # a softmax of one class
    assert one(rounding, f32(1, 1)).ok


@pytest.mark.parametrize(
    ("reference", "result"),
    [
        (f32(1, 2), f32(1, NAN)),
        (f32(1, NAN), f32(1, 2)),
        (f32(1, INF), f32(1, -INF)),
        (f32(1, INF), f32(1, 3e38)),
        (f32(1, 2), f32(1, INF)),
        (f32(INF, NAN), f32(NAN, INF)),
    ],
)
def test_nan_or_infinity_on_one_side_fails(reference, result):
    output = one(reference, result, tolerance=1e30)
    assert not output.ok
    assert "NaN or infinity on one side only" in output.reason


def test_nan_and_infinity_at_the_same_places_agree():
    reference = f32(NAN, INF, -INF, 0, 1)
    assert one(reference, reference.copy()).ok
    changed = reference.copy()
    changed[3] = 0.5
    output = one(reference, changed)
    assert (output.ok, output.relative, output.worst) == (False, 0.5, (3,))


def test_a_comparison_of_nothing_fails():
    nothing = compare({}, {}, 1.0)
    assert not nothing.ok
    assert nothing.reason
    assert nothing.worst is None
    assert "empty" in one(np.zeros((0, 3), "float32"), np.zeros((0, 3), "float32")).reason
    assert "no finite number" in one(f32(NAN, NAN), f32(NAN, NAN)).reason


def test_shape_and_dtype_are_not_adjusted():
    assert "shape" in one(f32(1, 1), f32(1)).reason
    assert "shape" in one(np.ones((1, 2), "float32"), np.ones((2, 1), "float32")).reason
    assert "dtype is float64" in one(f32(1), np.array([1.0])).reason
    assert "dtype is int64" in one(np.int32([1]), np.int64([1])).reason
    assert "dtype" in one(np.array([b"1"], dtype=object), np.int64([1])).reason


def test_missing_and_unexpected_outputs_fail():
    missing = compare({"y": f32(1), "z": f32(1)}, {"y": f32(1)}, 1)
    assert [(output.name, output.ok) for output in missing.outputs] == [("y", True), ("z", False)]
    assert (missing.ok, missing.worst.name) == (False, "z")
    extra = compare({"y": f32(1)}, {"y": f32(1), "z": f32(1)}, 1)
    assert (extra.ok, extra.worst.reason) == (False, "not in the reference")
    assert not compare({}, {"y": f32(1)}, 1).ok


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8", "uint64"])
def test_integers_are_exact_whatever_the_tolerance(dtype):
    limits = np.iinfo(dtype)
    reference = np.array([limits.min, limits.max, 5], dtype)
    assert one(reference, reference.copy()).ok
    output = one(reference, np.array([limits.min, limits.min, 5], dtype), tolerance=1e9)
    assert (output.ok, output.different, output.worst) == (False, 1, (1,))
    assert output.absolute == pytest.approx(float(limits.max) - float(limits.min))


def test_booleans_are_exact():
    output = one(np.array([[True, False]]), np.array([[True, True]]), tolerance=1)
    assert (output.ok, output.absolute, output.worst) == (False, None, (0, 1))
    assert output.reason == "1 of 2 elements differ"


def test_strings_are_compared_as_bytes():
    as_bytes = np.array(["naïve".encode(), b"\xff"], dtype=object)
    assert one(as_bytes, as_bytes.copy()).ok
    assert one(np.array(["naïve"]), as_bytes[:1]).ok
    assert not one(as_bytes, np.array(["naïve".encode(), b"\xfe"], dtype=object)).ok


def test_half_precision_and_complex_numbers():
    half = np.array([0, 1], dtype=np.float16)
    assert one(half, half.copy()).ok
    reference = np.array([0, 1 + 1j], dtype=np.complex64)
    output = one(reference, np.array([0, 1 + 0.5j], dtype=np.complex64))
    assert (output.ok, output.relative, output.worst) == (False, 0.5, (1, 1))


def test_the_worst_output_is_the_one_that_fails():
    reference = {"far": f32(0, 1), "exact": np.int32([1])}
    parity = compare(reference, {"far": f32(0, 0.9), "exact": np.int32([2])}, 0.5)
    assert parity.worst.name == "exact"
    parity = compare(reference, {"far": f32(0, 0.9), "exact": np.int32([1])}, 0.5)
    assert (parity.ok, parity.worst.name) == (True, "far")
