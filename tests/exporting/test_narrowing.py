"""Weights of a type that TensorFlow.js lacks."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

if not find_spec("tensorflowjs"):
    pytest.skip("needs tensorflowjs", allow_module_level=True)

from sigfix.exporting.weight_files import narrowed


@pytest.mark.parametrize("value", [np.array(7, np.int64), np.array([2**63 - 1, -3], np.int64)])
def test_an_integer_becomes_the_nearest_int32_and_stays_an_array(value: np.ndarray) -> None:
    found = narrowed(value)
    assert isinstance(found, np.ndarray)
    assert found.dtype == np.int32
    assert found.shape == value.shape
    assert found.tolist() == np.minimum(value, 2**31 - 1).tolist()
