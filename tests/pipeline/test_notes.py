"""A source with NaN among its weights is converted as it is, and the user is told."""

from __future__ import annotations

from importlib.util import find_spec
from math import nan
from pathlib import Path

import pytest

from sigfix.cli.main import main
from sigfix.pipeline.notes import nonfinite
from tests.diagnosis.broken_models.weights import CAUSAL_MASK, constant, variable


def _run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    return int(stopped.value.code or 0)


def test_the_warning_names_tensor_and_count(tmp_path: Path) -> None:
    (line,) = nonfinite(variable(0.5, nan)().write(tmp_path / "m"))
    assert line.startswith("warning: ")
    assert "w: 1 NaN of 2 values" in line
    assert "sigfix explain BEH309" in line


@pytest.mark.parametrize("place", ["masked", "absent"])
def test_a_sound_model_and_none_have_no_warning(place: str, tmp_path: Path) -> None:
    constant(CAUSAL_MASK, (8, 8))().write(tmp_path / "masked")
    assert nonfinite(tmp_path / place) == ()


@pytest.mark.parametrize("quiet", [(), ("--quiet",)])
def test_repair_tells_on_standard_error(
    quiet: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = variable(0.5, nan)().write(tmp_path / "m")
    change = ("--rename-signature", "serving_default=other", *quiet)
    assert _run("repair", str(model), "-o", str(tmp_path / "new"), "--no-verify", *change) == 0
    shown = capsys.readouterr()
    assert "w: 1 NaN of 2 values" in shown.err
    assert "NaN" not in shown.out


@pytest.mark.slow
def test_convert_tells_on_standard_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], node_packages: Path
) -> None:
    if find_spec("tensorflowjs") is None:
        pytest.skip("needs tensorflowjs")
    onnx = pytest.importorskip("onnx")
    numpy = pytest.importorskip("numpy")
    weight = numpy.array([[0.5, nan], [1.0, 2.0]], numpy.float32)
    values = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", 2]) for name in "xy"
    ]
    node = onnx.helper.make_node("MatMul", ["x", "kernel"], ["y"])
    constants = [onnx.numpy_helper.from_array(weight, "kernel")]
    graph = onnx.helper.make_graph([node], "g", values[:1], values[1:], constants)
    opset = [onnx.helper.make_opsetid("", 17)]
    model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=8)
    onnx.save(model, tmp_path / "m.onnx")
    command = ("convert", str(tmp_path / "m.onnx"), "--tfjs", "-o", str(tmp_path / "web"))
    assert _run(*command, "--no-verify") == 0
    assert "kernel: 1 NaN of 4 values" in capfd.readouterr().err
