"""Targets: what they are made of. The findings have their models in broken_models/target.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.describing.operators import tensorflow_operators
from sigfix.describing.targets import TARGETS, VANISHING, find_target, tfjs_table
from sigfix.pipeline.inspect import inspect
from tests.diagnosis.broken_models.target import single
from tests.models import healthy


@pytest.mark.parametrize("target", TARGETS)
def test_healthy_model_runs_everywhere(target: str, tmp_path: Path) -> None:
    assert inspect(healthy().write(tmp_path / "1"), target=target).findings == ()


@pytest.mark.parametrize(
    ("target", "severity"), [("tfjs-wasm", "error"), ("tfjs-webgl", "warning")]
)
def test_channels_first_throws_on_wasm_alone(target: str, severity: str, tmp_path: Path) -> None:
    """As seen in Chromium (tests/matrix/test_browser.py)."""
    model = single("Conv2D", data_format="NCHW")().write(tmp_path / "m")
    found = {f.code: f.severity.value for f in inspect(model, target=target).findings}
    assert found["TGT403"] == severity


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
