"""Loops of TensorFlow 1 of open length are converted, and run with executeAsync."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.errors import SigfixError
from sigfix.pipeline.conversion_options import ConvertOptions
from sigfix.pipeline.convert import convert
from sigfix.pipeline.inspect import inspect
from tests.environments import needs
from tests.saved_models import v1_loops


def test_a_loop_whose_steps_share_something(node_packages: Path, tmp_path: Path) -> None:
    """Each step asks for the same size: TensorFlow.js would do so in the first one alone."""
    needs("tensorflow")
    v1_loops.v1_masked_loop(tmp_path / "m")
    told = inspect(tmp_path / "m", target="tfjs").findings
    assert [(item.code, item.severity.value) for item in told] == [("TGT404", "warning")]
    assert convert(tmp_path / "m", tmp_path / "web").operators["Exit"] == 1
    with pytest.raises(SigfixError, match=r"TensorFlow.js cannot run"):
        convert(tmp_path / "m", tmp_path / "no", ConvertOptions(without=("invariants",)))


@pytest.mark.matrix
@pytest.mark.parametrize("name", ["v1_nested_loops", "v1_lstm", "v1_scan"])
def test_other_loops(name: str, node_packages: Path, tmp_path: Path) -> None:
    needs("tensorflow")
    getattr(v1_loops, name)(tmp_path / "m")
    convert(tmp_path / "m", tmp_path / "web")


@pytest.mark.matrix
def test_a_loop_within_another_waits_for_it(node_packages: Path, tmp_path: Path) -> None:
    needs("tensorflow")
    v1_loops.v1_nested_loops(tmp_path / "m")
    with pytest.raises(SigfixError, match=r"TensorFlow.js cannot run"):
        convert(tmp_path / "m", tmp_path / "no", ConvertOptions(without=("nested-loops",)))
