from __future__ import annotations

import numpy as np
import pytest

from sigfix.errors import NotVerifiedError, UsageError
from sigfix.model.specs import TensorSpec
from sigfix.verifying.inputs import UNKNOWN_SIZE, load_inputs, seeded_inputs

IMAGE = {"input": TensorSpec("float32", (None, 4, None, 3))}


def test_noise_is_the_same_for_the_same_seed():
    one, other = (seeded_inputs(IMAGE, batch=2)["input"] for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert not np.array_equal(one, seeded_inputs(IMAGE, batch=2, seed=1)["input"])


def test_dynamic_dimensions_take_the_batch_and_the_size_of_an_image():
    image = seeded_inputs(IMAGE, batch=2)["input"]
    assert image.shape == (2, 4, UNKNOWN_SIZE, 3)
    assert image.dtype == np.float32
    assert image.min() >= 0
    assert 0.9 < image.max() <= 1
    fixed = seeded_inputs({"x": TensorSpec("float32", (1, 3))}, batch=4)["x"]
    assert fixed.shape == (1, 3)


@pytest.mark.parametrize(
    "dtype",
    ["float16", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint64", "bool"],
)
def test_every_dtype_and_scalars(dtype):
    arrays = seeded_inputs(
        {"a": TensorSpec(dtype, (None, 50)), "b": TensorSpec(dtype, ())}, batch=3
    )
    assert arrays["a"].dtype == dtype
    assert (arrays["a"].shape, arrays["b"].shape) == ((3, 50), ())
    assert len(np.unique(arrays["a"])) > 1
    assert arrays["a"].min() >= 0
    assert dtype == "uint8" or arrays["a"].max() < 10


def test_strings_are_bytes():
    words = seeded_inputs({"s": TensorSpec("string", (None,))}, batch=3)["s"]
    assert (words.dtype, words.shape) == (object, (3,))
    assert all(isinstance(word, bytes) and word.isalpha() for word in words)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (TensorSpec("float32", None), "rank is unknown"),
        (TensorSpec("resource", ()), "dtype resource"),
        (TensorSpec("complex64", (1,)), "dtype complex64"),
    ],
)
def test_what_cannot_be_made_up_points_to_inputs(spec, reason):
    with pytest.raises(NotVerifiedError, match=f"'x': .*{reason}") as caught:
        seeded_inputs({"x": spec}, batch=1)
    assert "--inputs" in caught.value.hint


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
