"""`convert` of an ONNX file: it is read and run in processes of their own."""

from __future__ import annotations

import shlex
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sigfix.errors import (
    BlockedError,
    ConversionError,
    NotVerifiedError,
    UnreadableModelError,
    UsageError,
)
from sigfix.pipeline.conversion_options import ConvertOptions
from sigfix.pipeline.convert import convert
from sigfix.pipeline.prepared import SourceChoice
from sigfix.planning.parsing import parse_input

NEEDED = ("tensorflow", "tensorflowjs", "onnxslim", "onnxruntime")
if absent := [name for name in NEEDED if find_spec(name) is None]:
    pytest.skip(f"needs {', '.join(absent)}", allow_module_level=True)

onnx = pytest.importorskip("onnx")
FLOAT, INTEGER = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64


@pytest.fixture(scope="module", autouse=True)
def _with_tfjs(node_packages):
    """Every test here runs TensorFlow.js."""


def _save(path: Path, nodes: list, inputs: list, outputs: list, **weights: np.ndarray) -> Path:
    constants = [onnx.numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = onnx.helper.make_graph(nodes, "model", inputs, outputs, constants)
    model = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=8
    )
    onnx.save(model, path)
    return path


def _value(name: str, *shape: int | str, dtype: int = FLOAT) -> Any:
    return onnx.helper.make_tensor_value_info(name, dtype, shape)


def _convolution(path: Path, operator: str = "Conv") -> Path:
    kernel = np.random.default_rng(0).standard_normal((4, 3, 3, 3)).astype(np.float32)
    nodes = [onnx.helper.make_node(operator, ["image:0", "kernel"], ["features"])]
    outputs = [_value("features", "batch", 4, 6, 8)]
    return _save(path, nodes, [_value("image:0", "batch", 3, 8, 10)], outputs, kernel=kernel)


def test_inputs_keep_their_layout_or_become_channels_last(tmp_path):
    model = _convolution(tmp_path / "model.onnx")
    kept = convert(model, tmp_path / "kept")
    turned = convert(model, tmp_path / "turned", ConvertOptions(choice=SourceChoice(layout="nhwc")))
    assert [spec.shape for spec in kept.inputs.values()] == [(None, 3, 8, 10)]
    assert [spec.shape for spec in turned.inputs.values()] == [(None, 8, 10, 3)]
    for result in (kept, turned):
        assert [c.reference for c in result.comparisons] == ["ONNX Runtime"] * 2
        assert [c.batch for c in result.comparisons] == [1, 4]


def test_what_the_reading_process_refuses_is_said_as_it_is(tmp_path):
    model = _convolution(tmp_path / "model.onnx", "Comv")
    with pytest.raises(UnreadableModelError, match=r"model\.onnx is not a readable ONNX model"):
        convert(model, tmp_path / "web")
    other = ConvertOptions(choice=SourceChoice(preset="crnn_vgg16_bn"))
    with pytest.raises(BlockedError, match="is not an ONNX export of crnn_vgg16_bn") as raised:
        convert(_convolution(model), tmp_path / "web", other)
    assert raised.value.hint == "leave --preset out to convert it as it is"
    assert [p.name for p in tmp_path.iterdir()] == ["model.onnx"]


def test_sizes_and_inputs_by_the_files_own_names(tmp_path):
    nodes = [
        onnx.helper.make_node(
            "Resize", ["image:0", "", "scales"], ["y.1"], mode="linear", antialias=1
        )
    ]
    model = _save(
        tmp_path / "model.onnx",
        nodes,
        [_value("image:0", "batch", 3, "height", "width")],
        [_value("y.1", "batch", 3, "h", "w")],
        scales=np.array([1, 1, 0.6, 0.6], np.float32),
    )
    with pytest.raises(ConversionError, match="Resize") as raised:
        convert(model, tmp_path / "web")
    words = shlex.split(raised.value.hint.split("   ")[0])
    assert words[:4] == ["sigfix", "convert", str(model), "--tfjs"]
    assert words[4:] == ["--input", "image:0=float32[?,3,224,224]"]
    sizes = (parse_input("image:0=float32[?,3,20,10]"),)
    image = np.random.default_rng(0).random((2, 3, 20, 10), np.float32)
    np.savez(tmp_path / "given.npz", **{"image:0": image})
    choice = SourceChoice(inputs=sizes)
    options = ConvertOptions(choice=choice, inputs=tmp_path / "given.npz")
    said: list[str] = []
    result = convert(model, tmp_path / "web", options, said.append)
    assert "the input image:0 is called image_0" in said
    assert "the output y.1 is called y_1" in said
    assert [spec.shape for spec in result.inputs.values()] == [(None, 3, 20, 10)]
    assert result.comparisons


def _rows(path: Path, first: int) -> Path:
    """Two rows, the first of which has the index `first`."""
    nodes = [
        onnx.helper.make_node("Sub", ["index", "first"], ["place"]),
        onnx.helper.make_node("Gather", ["rows", "place"], ["found"]),
    ]
    rows = np.arange(6, dtype=np.float32).reshape(2, 3)
    ends = [_value("index", "batch", dtype=INTEGER)], [_value("found", "batch", 3)]
    return _save(path, nodes, *ends, rows=rows, first=np.array(first))


def test_indices_are_made_up_until_the_source_takes_them(tmp_path):
    result = convert(_rows(tmp_path / "model.onnx", 0), tmp_path / "web")
    assert [(c.batch, c.parity.ok) for c in result.comparisons] == [(1, True), (4, True)]
    assert not result.not_verified


def test_a_source_that_cannot_be_run_is_not_published(tmp_path):
    model = _rows(tmp_path / "model.onnx", 40)
    with pytest.raises(NotVerifiedError, match="Not verified, so nothing was written") as raised:
        convert(model, tmp_path / "web")
    assert "ONNX Runtime" in raised.value.message
    assert "refuses the inputs" in raised.value.message
    assert "--inputs FILE.npz" in raised.value.hint and "--no-verify" in raised.value.hint
    assert raised.value.exit_code == 1
    assert [p.name for p in tmp_path.iterdir()] == ["model.onnx"]
    unchecked = convert(model, tmp_path / "web", ConvertOptions(verify=False))
    assert (unchecked.not_verified, unchecked.comparisons) == ("--no-verify was given", ())
    np.savez(tmp_path / "good.npz", index=np.array([41, 40]))
    good = ConvertOptions(inputs=tmp_path / "good.npz", force=True)
    assert [c.batch for c in convert(model, tmp_path / "web", good).comparisons] == [2]
    np.savez(tmp_path / "bad.npz", other=np.array([1, 0]))
    with pytest.raises(UsageError, match="it has no 'index'"):
        convert(model, tmp_path / "other", ConvertOptions(inputs=tmp_path / "bad.npz"))
    assert not (tmp_path / "other").exists()


def _with_export_sizes(path: Path, batch: int, width: int) -> Path:
    """Rows whose number the graph has inside, as PyTorch's exporters write it for attention."""
    helper = onnx.helper
    nodes = [
        helper.make_node("Reshape", ["x", "flat"], ["rows"]),
        helper.make_node("MatMul", ["rows", "w"], ["mixed"]),
        helper.make_node("Softmax", ["mixed"], ["y"]),
    ]
    ends = [_value("x", "batch", "width", 4)], [_value("y", "rows", 3)]
    weights = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    flat = np.array([batch * width, 4])
    return _save(path, nodes, *ends, w=weights, flat=flat)


@pytest.mark.parametrize("width", [8, 5])
def test_the_sizes_of_an_export_are_asked_for(width: int, tmp_path: Path) -> None:
    """8 is one of the sizes that are tried; nobody can guess 5."""
    model = _with_export_sizes(tmp_path / "model.onnx", 1, width)
    with pytest.raises(NotVerifiedError) as raised:
        convert(model, tmp_path / "web")
    command, _, remark = raised.value.hint.partition("#")
    (option,) = shlex.split(command)[1:]
    if width == 8:
        assert option == "x=float32[1,?,4]"
        assert "It takes a batch of 1 alone: ONNX Runtime" in raised.value.message
    else:
        assert "with the sizes of its export" in remark and "--no-verify" in remark
        option = "x=float32[1,5,4]"
    chosen = ConvertOptions(choice=SourceChoice(inputs=(parse_input(option),)))
    result = convert(model, tmp_path / "web", chosen)
    assert result.comparisons and not result.not_verified
