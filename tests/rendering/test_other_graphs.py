"""`inspect --graph` of ONNX files and TensorFlow.js models."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.running import run
from tests.reading.test_other_formats import field, value_info

pytest.importorskip("networkx")

from tests.rendering.test_flow_picture import HOSTILE, texts


def onnx_network() -> bytes:
    """stem > two blocks > a sum, called as PyTorch does; a weight that is an input, a constant."""

    def node(operator: str, reads: str, made: str) -> bytes:
        names = [field(1, name.encode()) for name in reads.split()]
        outputs = [field(2, name.encode()) for name in made.split()]
        return field(1, b"".join([*names, *outputs, field(4, operator.encode())]))

    nodes = [
        node("Constant", "", "/Constant_output_0"),
        node("Conv", "image w", "/stem/Conv_output_0"),
        node("Relu", "/stem/Conv_output_0", "/stem/Relu_output_0"),
        node("Split", "/stem/Relu_output_0 /Constant_output_0", "/left/a:0 /left/b:0"),
        node("Tanh", "/left/b:0", "/left/Tanh_output_0"),
        node("Sigmoid", "/stem/Relu_output_0", "/right/Sigmoid_output_0"),
        node("Add", "/left/Tanh_output_0 /right/Sigmoid_output_0", "/scores"),
    ]
    graph = b"".join(nodes) + field(5, field(8, b"w") + field(9, bytes(40)))
    graph += field(11, value_info("image", 1, ["N", 3])) + field(11, value_info("w", 1, [10]))
    graph += field(12, value_info("/scores", 1, ["N", 5]))
    return field(1, 8) + field(7, graph) + field(8, field(2, 17))


def test_an_onnx_file_is_drawn_by_its_nodes(tmp_path: Path) -> None:
    from sigfix.reading.onnx_nodes import read_onnx_nodes

    path = tmp_path / "net.onnx"
    path.write_bytes(onnx_network())
    graph, tensors = read_onnx_nodes(path)
    reads = {node.name: node.inputs for node in graph.nodes}
    assert tensors == {"image": "image", "/scores": "scores:0"}
    assert reads["left/Tanh_output_0"] == ("left/a_0:1",)
    assert reads["left/a_0"] == ("stem/Relu_output_0:0",)
    assert run("inspect", str(path), "--graph", str(tmp_path / "net.svg")) == 0
    seen = texts((tmp_path / "net.svg").read_text())
    assert seen[0].endswith("6 operators")
    for said in (
        "image",
        "float32[?,3]",
        "stem",
        "left",
        "right",
        "/scores",
        "float32[?,5]",
        "Add",
    ):
        assert said in seen
    assert "w" not in seen and "Constant" not in seen


@pytest.mark.parametrize("name", HOSTILE)
def test_an_onnx_file_s_names_are_text_too(name: str, tmp_path: Path) -> None:
    odd = HOSTILE[name].encode("utf-8", "replace")
    relu = field(1, field(1, b"x") + field(2, odd) + field(4, odd))
    graph = relu + field(11, value_info("x", 1, [3]))
    graph += field(12, field(1, odd) + value_info("", 1, [3])[2:])
    path = tmp_path / "net.onnx"
    path.write_bytes(field(7, graph))
    assert run("inspect", str(path), "--graph", str(tmp_path / "net.svg")) in (0, 1)
    picture = (tmp_path / "net.svg").read_text()
    ElementTree.fromstring(picture)
    assert not {c for c in picture if not c.isprintable()} - {"\n"}
    assert "<script" not in picture and "<image" not in picture


def test_a_tensorflow_js_graph_is_drawn(tmp_path: Path) -> None:
    def node(name: str, operator: str, *reads: str) -> dict[str, object]:
        return {"name": name, "op": operator, "input": [*reads]}

    nodes = [
        node("x", "Placeholder"), node("w", "Const"), node("net/dense/MatMul", "MatMul", "x", "w"),
        node("net/dense/Relu", "Relu", "net/dense/MatMul"),
        node("net/head/Softmax", "Softmax", "net/dense/Relu"),
    ]  # fmt: skip
    named = ("x", "net/head/Softmax")
    shape = {"dtype": "DT_FLOAT", "tensorShape": {"dim": [{"size": "5"}]}}
    for ends in (("x", "net/head/Softmax"), ("image", "scores")):
        sides = [{end: {"name": f"{at}:0", **shape}} for end, at in zip(ends, named, strict=True)]
        signature = {"inputs": sides[0], "outputs": sides[1]}
        model = {"format": "graph-model", "modelTopology": {"node": nodes}, "signature": signature}
        (tmp_path / "model.json").write_text(json.dumps(model))
        assert run("inspect", str(tmp_path), "--graph", str(tmp_path / "net.svg")) == 0
        seen = texts((tmp_path / "net.svg").read_text())
        assert "3 operators: MatMul, Relu, Softmax" in seen
        assert ("float32[5]" in seen) == (ends[0] == "x")
        assert any(said.startswith("x") for said in seen)
