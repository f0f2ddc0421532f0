"""Pooling against ONNX Runtime, and in the form that TensorFlow.js has."""

from __future__ import annotations

import numpy as np
import pytest

from tests.importing.single_node import (
    Case,
    Fed,
    inputs_of,
    model_of,
    onnx_runtime_outputs,
    require_packages,
    sigfix_outputs,
    traced,
)

require_packages()

X = Fed((2, 3, 9, 11), lowest=-9.0, highest=-1.0)  # negative: padding with zero would win
WINDOWS = [
    {"kernel_shape": [2, 2], "strides": [2, 2]},
    {"kernel_shape": [3, 3], "strides": [1, 1], "pads": [1, 1, 1, 1]},
    {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]},
    {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 0, 1]},
    {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "ceil_mode": 1},
    {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1},
    {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"},
    {"kernel_shape": [2, 2], "strides": [2, 2], "auto_pad": "SAME_LOWER"},
    {"kernel_shape": [5, 5], "strides": [1, 1], "pads": [2, 2, 2, 2]},
]
CASES = [
    *(Case("MaxPool", (X,), window) for window in WINDOWS),
    *(Case("AveragePool", (X,), window) for window in WINDOWS),
    *(Case("AveragePool", (X,), {**window, "count_include_pad": 1}) for window in WINDOWS[:6]),
    Case("GlobalAveragePool", (X,)),
    Case("GlobalMaxPool", (X,)),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_equals_onnx_runtime(case: Case) -> None:
    model, inputs = model_of(case), inputs_of(case)
    expected = onnx_runtime_outputs(model, inputs)["y0"]
    found = sigfix_outputs(model, inputs)["y0"]
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_pads_as_tensorflow_js_does(case: Case) -> None:
    operations = traced(model_of(case)).graph.get_operations()
    paddings = {o.get_attr("padding") for o in operations if o.type in ("MaxPool", "AvgPool")}
    assert paddings <= {b"SAME", b"VALID"}
