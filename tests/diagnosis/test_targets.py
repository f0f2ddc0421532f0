"""Targets: what they are made of. The findings have their models in broken_models/target.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sigfix.describing.operators import tensorflow_operators
from sigfix.describing.targets import TARGETS, VANISHING, find_target, tfjs_table
from sigfix.pipeline.inspect import inspect
from tests.diagnosis.broken_models.target import convolution, matmul, single
from tests.models import Model, healthy


@pytest.mark.parametrize("target", TARGETS)
def test_healthy_model_runs_everywhere(target: str, tmp_path: Path) -> None:
    assert inspect(healthy().write(tmp_path / "1"), target=target).findings == ()


@pytest.mark.parametrize(
    "build", [single("Conv2D", data_format="NCHW"), matmul[True], convolution(56, 1, 2)]
)
def test_what_convert_mends_is_a_warning(build: Callable[[], Model], tmp_path: Path) -> None:
    """It is an error in a TensorFlow.js model alone, which other converters make of this one."""
    found = inspect(build().write(tmp_path / "m"), target="tfjs-wasm").findings
    assert [item.severity.value for item in found if item.code.startswith("TGT")] == ["warning"]


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
