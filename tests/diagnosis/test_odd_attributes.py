"""An attribute can be of any kind, whatever the operator: a file says it, and nobody checked it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sigfix.pipeline.inspect import inspect
from tests.models import Dtype, Model

OPERATORS = (
    "Conv2D", "DepthwiseConv2dNative", "_FusedConv2D", "_FusedMatMul", "FusedBatchNormV3",
    "ParseExample", "ParseExampleV2", "MaxPool",
)  # fmt: skip
USUAL = {
    "padding": "SAME", "strides": [1, 2, 2, 1], "dilations": [1, 1, 1, 1], "T": Dtype("float32"),
}  # fmt: skip
VALUES = (3, 1.5, True, "text", ["i"], [1], [1, 2, 3, 4], [1.5, 2.5, 2.5, 1.5], [], None)
ATTRIBUTES = (
    "strides", "dilations", "padding", "data_format", "fused_ops", "is_training", "transpose_b",
    "Tdense", "sparse_types", "dense_keys", "dense_shapes", "_output_shapes", "explicit_paddings",
)  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=str)
@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_attributes_of_another_kind(attribute: str, value: Any, tmp_path: Path) -> None:
    model = Model()
    for number, op in enumerate(OPERATORS):
        name = f"n{number}"
        model.node(name, op, ["x", "x", "x"], **{**USUAL, attribute: value})
        model.signature(f"s{number}", outputs={"y": (f"{name}:0", "float32", None)})
    path = model.write(tmp_path / "m")
    for target in ("", "tfjs", "tfjs-wasm", "tflite", "serving"):
        assert inspect(path, target=target).model is not None
