"""Operators as opsets 7 to 12 write them, against ONNX Runtime on the file as it is."""

from __future__ import annotations

import numpy as np
import pytest

from tests.importing.single_node import (
    Case,
    inputs_of,
    model_of,
    onnx_runtime_outputs,
    require_packages,
    sigfix_outputs,
)

require_packages()

import onnx  # noqa: E402

from tests.importing.old_opsets import cases_of, versions  # noqa: E402

# Compared elsewhere: loops and boxes, which run asynchronously, what is quantised, and what
# `region_forms.py` draws.
ELSEWHERE = {
    "Col2Im", "ConvInteger", "DeformConv", "DequantizeLinear", "Det", "DynamicQuantizeLinear",
    "GlobalLpPool", "Loop", "LpPool", "MatMulInteger", "MaxUnpool", "NonMaxSuppression", "NonZero",
    "QLinearConv", "QLinearMatMul", "QuantizeLinear", "RoiAlign", "Scan",
}  # fmt: skip
# What changed its form or its meaning; the others have theirs with `make matrix`.
CHANGED = {
    "BatchNormalization", "Clip", "Dropout", "Flatten", "Gemm", "Hardmax", "LogSoftmax", "Pad",
    "Resize", "Slice", "Softmax", "Split", "TopK", "Upsample",
}  # fmt: skip
CASES = [
    pytest.param(case, id=str(case), marks=[] if name in CHANGED else [pytest.mark.matrix])
    for name, _, opset in versions()
    if not onnx.defs.get_schema(name, opset).deprecated
    for case in cases_of(name, opset)
    if name not in ELSEWHERE
]


def test_every_version_has_a_case() -> None:
    missing = {
        (name, version)
        for name, version, opset in versions()
        if not cases_of(name, opset) and name not in ELSEWHERE
    }
    assert missing == set()


@pytest.mark.parametrize("case", CASES)
def test_equals_onnx_runtime(case: Case) -> None:
    model, inputs = model_of(case), inputs_of(case)
    expected, found = onnx_runtime_outputs(model, inputs), sigfix_outputs(model, inputs)
    assert expected and list(found) == list(expected)
    for name, value in expected.items():
        assert found[name].shape == value.shape and found[name].dtype == value.dtype
        np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-5)
