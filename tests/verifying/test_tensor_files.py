from __future__ import annotations

import numpy as np
import pytest

from sigfix.errors import NotVerifiedError
from sigfix.verifying.runners.tensor_files import in_tfjs_dtypes, read_tensor, write_tensor


@pytest.mark.parametrize(
    ("array", "dtype"),
    [
        (np.float32([[1.5, -2]]), "float32"),
        (np.float64([0.1, np.nan]), "float32"),
        (np.float16([0.1]), "float32"),
        (np.int64([[-(2**31), 2**31 - 1]]), "int32"),
        (np.uint8([255]), "int32"),
        (np.bool_([True, False]), "bool"),
        (np.float32(3), "float32"),
        (np.zeros((0, 2), "int32"), "int32"),
        (np.zeros(0, object), "object"),
        (np.array([["", "naïve"]]), "object"),
        (np.array([b"\xff\x00"], dtype=object), "object"),
    ],
)
def test_a_tensor_survives_its_file(array, dtype, tmp_path):
    entry = write_tensor("x", array, tmp_path / "x.bin")
    back = read_tensor(entry)
    expected = in_tfjs_dtypes({"x": array})["x"]
    assert (str(back.dtype), back.shape) == (dtype, array.shape)
    np.testing.assert_array_equal(back, expected)
    assert entry["dtype"] == ("string" if dtype == "object" else dtype)


def test_files_are_little_endian_with_four_bytes_a_number(tmp_path):
    write_tensor("x", np.array([1, 256], dtype=">i8"), tmp_path / "x.bin")
    assert (tmp_path / "x.bin").read_bytes() == b"\x01\x00\x00\x00\x00\x01\x00\x00"
    write_tensor("x", np.array([True, False]), tmp_path / "x.bin")
    assert (tmp_path / "x.bin").read_bytes() == b"\x01\x00"


def test_what_tfjs_cannot_hold_stays_and_cannot_be_written(tmp_path):
    large, dates = np.array([2**31]), np.zeros(1, "datetime64[s]")
    kept = in_tfjs_dtypes({"large": large, "dates": dates})
    assert (kept["large"].dtype, kept["dates"].dtype) == (np.int64, dates.dtype)
    with pytest.raises(NotVerifiedError, match=r"'large'.*past the limits of int32"):
        write_tensor("large", large, tmp_path / "x.bin")
    with pytest.raises(NotVerifiedError, match=r"'dates'.*of dtype datetime64\[s\]\."):
        write_tensor("dates", dates, tmp_path / "x.bin")


def test_complex_numbers_are_pairs(tmp_path):
    entry = write_tensor("x", np.array([1 + 2j, 3j], "complex128"), tmp_path / "x.bin")
    assert (entry["dtype"], (tmp_path / "x.bin").stat().st_size) == ("complex64", 16)
    np.testing.assert_array_equal(read_tensor(entry), np.array([1 + 2j, 3j], "complex64"))
