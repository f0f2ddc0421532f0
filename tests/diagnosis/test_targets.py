"""What a target cannot run: one model with the finding, one without, for every code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sigfix.describing.operators import tensorflow_operators
from sigfix.describing.targets import TARGETS, VANISHING, find_target, tfjs_table
from sigfix.pipeline.inspect import inspect
from tests.diagnosis.broken_models import FLOAT
from tests.models import Dtype, Model, healthy


def single(op: str, *, shape: Any = (None, 3), **attributes: Any) -> Callable[[], Model]:
    """x -> op -> y."""

    def build() -> Model:
        model = Model(empty=True)
        model.node("x", "Placeholder", dtype=FLOAT, shape=shape)
        node = model.node("y", op, ["x"], T=FLOAT, **attributes)
        for part in attributes.pop("fused", []):
            node.attr["fused_ops"].list.s.append(part.encode())
        model.signature(inputs={"x": ("x:0", "float32", shape)})
        return model

    return build


def fused(*parts: str) -> Callable[[], Model]:
    def build() -> Model:
        model = single("_FusedConv2D")()
        operators = model.meta.graph_def.node[1].attr["fused_ops"].list.s
        operators.extend(part.encode() for part in parts)
        return model

    return build


def typed(dtype: str) -> Callable[[], Model]:
    def build() -> Model:
        model = Model(empty=True)
        model.node("x", "Placeholder", dtype=Dtype(dtype), shape=(None,))
        model.node("y", "Relu", ["x"], T=Dtype(dtype))
        model.signature(
            inputs={"x": ("x:0", dtype, (None,))}, outputs={"y": ("y:0", dtype, (None,))}
        )
        return model

    return build


def image(shape: tuple[int | None, ...]) -> Callable[[], Model]:
    return single("Relu", shape=shape)


POSITIVE = [
    ("TGT401", "tfjs", single("Betainc")),
    ("TGT401", "tfjs", fused("BiasAdd", "_FusedHardSwish")),
    ("TGT402", "tfjs-wasm", single("Einsum")),
    ("TGT402", "tfjs-webgpu", single("StringSplit")),
    ("TGT402", "tfjs-node", single("DenseBincount")),
    ("TGT403", "tfjs", single("Conv2D", data_format="NCHW")),
    ("TGT404", "tfjs", single("LoopCond")),
    ("TGT405", "tfjs-wasm", single("_FusedMatMul", transpose_b=True)),
    ("TGT406", "tfjs", typed("int64")),
    ("TGT406", "tfjs", typed("string")),
    ("TGT406", "tflite", typed("bfloat16")),
    ("TGT407", "tfjs-webgl", single("Relu", _output_shapes=[(1, 1, 1, 1, 1, 1, 3)])),
    ("SPC102", "tflite", image((None, None, None, 3))),
]
NEGATIVE = [
    ("TGT401", "tfjs", fused("BiasAdd", "Relu")),
    ("TGT402", "tfjs-webgl", single("Einsum")),
    ("TGT402", "tfjs", single("Einsum")),
    ("TGT403", "tfjs", single("Conv2D", data_format="NHWC")),
    ("TGT403", "serving", single("Conv2D", data_format="NCHW")),
    ("TGT404", "tflite", single("LoopCond")),
    ("TGT405", "tfjs-wasm", single("_FusedMatMul", transpose_b=False)),
    ("TGT405", "tfjs-webgl", single("_FusedMatMul", transpose_b=True)),
    ("TGT406", "tfjs", typed("int32")),
    ("TGT406", "tflite", typed("int64")),
    ("TGT407", "tfjs-wasm", single("Relu", _output_shapes=[(1, 1, 1, 1, 1, 1, 3)])),
    ("TGT407", "tfjs-webgl", single("Relu", _output_shapes=[(1, 1, 1, 1, 1, 3)])),
    ("SPC102", "tflite", image((None, 8, 8, 3))),
    ("SPC102", "tfjs", image((None, None, None, 3))),
]


@pytest.mark.parametrize(("code", "target", "build"), POSITIVE)
def test_found(code: str, target: str, build: Callable[[], Model], tmp_path: Path) -> None:
    report = inspect(build().write(tmp_path / "m"), target=target)
    assert code in [finding.code for finding in report.findings]


@pytest.mark.parametrize(("code", "target", "build"), NEGATIVE)
def test_not_found(code: str, target: str, build: Callable[[], Model], tmp_path: Path) -> None:
    report = inspect(build().write(tmp_path / "m"), target=target)
    assert code not in [finding.code for finding in report.findings]


@pytest.mark.parametrize("target", TARGETS)
def test_healthy_model_runs_everywhere(target: str, tmp_path: Path) -> None:
    assert inspect(healthy().write(tmp_path / "m"), target=target).findings == ()


def test_no_target_no_target_findings(tmp_path: Path) -> None:
    report = inspect(single("Einsum")().write(tmp_path / "m"))
    assert not [finding for finding in report.findings if finding.code.startswith("TGT")]


def test_known_limits_of_the_wasm_backend() -> None:
    """Known from running models: no Einsum in wasm; convolutions and softmax are there."""
    table = tfjs_table()
    assert "Einsum" not in table.backends["wasm"]
    assert {"FusedConv2D", "BatchMatMul", "Softmax", "ResizeBilinear"} <= table.backends["wasm"]
    assert table.kernels_of["MatMul"] == ("BatchMatMul",)
    assert find_target("tfjs").operators is not None


def test_vanishing_operators_exist() -> None:
    known = tensorflow_operators()
    assert [name for name in VANISHING if name not in known] == []
