"""Arrays that the user gives are checked against what the model takes."""

from __future__ import annotations

import numpy as np
import pytest

from sigfix.errors import UsageError
from sigfix.model.specs import TensorSpec
from sigfix.verifying.inputs.given import load_inputs

SPECS = {
    "ids": TensorSpec("int32", (None, 2)),
    "x": TensorSpec("float32", (None, 2)),
    "text": TensorSpec("string", (None,)),
}


@pytest.fixture
def stored(tmp_path):
    def save(**changes):
        arrays = {
            "ids": np.array([[1, 2]]),
            "x": np.array([[0.5, 1.0]]),
            "text": np.array(["naïve"]),
            **changes,
        }
        file = tmp_path / "inputs.npz"
        np.savez(file, **{name: array for name, array in arrays.items() if array is not None})
        return file

    return save


def test_a_file_is_fitted_to_the_model(stored):
    arrays = load_inputs(stored(), SPECS)
    assert list(arrays) == list(SPECS)
    assert (arrays["ids"].dtype, arrays["x"].dtype) == (np.int32, np.float32)
    assert arrays["ids"].tolist() == [[1, 2]]
    assert arrays["text"].tolist() == ["naïve".encode()]
    assert load_inputs(stored(), {**SPECS, "x": TensorSpec("float32", None)})["x"].shape == (1, 2)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ids": None, "x": None}, "it has no 'ids'; it has no 'x'"),
        ({"idds": np.zeros(1)}, "the model has no input 'idds'"),
        ({"x": np.zeros((1, 3))}, r"'x' in .* has shape \[1,3\]; the model takes \[\?,2\]"),
        ({"x": np.zeros(2)}, r"has shape \[2\]"),
        ({"x": np.zeros((1, 2), int)}, "'x' .* is of dtype int64; the model takes float32"),
        ({"ids": np.zeros((1, 2))}, "is of dtype float64; the model takes int32"),
        ({"ids": np.array([[1, 2**40]])}, "values that do not fit into int32"),
        ({"text": np.zeros(1)}, "the model takes string"),
        ({"text": np.array([b"a"], dtype=object)}, "cannot be read"),
    ],
)
def test_a_file_that_does_not_fit_says_why(stored, changes, said):
    with pytest.raises(UsageError, match=said):
        load_inputs(stored(**changes), SPECS)


def test_a_file_that_is_no_npz_says_so(tmp_path):
    file = tmp_path / "inputs.npz"
    with pytest.raises(UsageError, match="does not exist"):
        load_inputs(file, SPECS)
    for content in (b"", b"some text", b"PK\x03\x04 truncated"):
        file.write_bytes(content)
        with pytest.raises(UsageError, match=r"cannot be read as an \.npz file"):
            load_inputs(file, SPECS)
    np.save(tmp_path / "one.npy", np.zeros(1))
    with pytest.raises(UsageError, match="without a name"):
        load_inputs(tmp_path / "one.npy", SPECS)
