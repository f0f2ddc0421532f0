"""ONNX Runtime's fused operators, written out: the same numbers as ONNX Runtime computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sigfix.errors import ConversionError
from tests.importing.single_node import require_packages

require_packages()

import onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from sigfix.importing.contrib_fused import OPERATORS, Writer  # noqa: E402
from sigfix.importing.onnx_opening import open_onnx  # noqa: E402
from sigfix.importing.preflight import check_early  # noqa: E402
from tests.importing.test_opening import same_as_onnx_runtime  # noqa: E402

Node = tuple[str, list[str], dict[str, Any]]
WEIGHTS = {
    "w": (4, 3, 3, 3), "bias": (4,), "z": (1, 4, 1, 1), "wide": (8,), "gamma": (8,), "beta": (8,),
    "right": (5, 8), "left": (8, 6),
}  # fmt: skip
IMAGE, ROWS = (2, 3, 6, 6), (2, 6, 8)
FORMS: list[tuple[Node, tuple[int, ...]]] = [
    (("Gelu", ["x"], {}), ROWS),
    (("BiasGelu", ["x", "wide"], {}), ROWS),
    (("FastGelu", ["x"], {}), ROWS),
    (("FastGelu", ["x", "wide"], {}), ROWS),
    (("QuickGelu", ["x"], {"alpha": 1.2}), ROWS),
    (("QuickGelu", ["x"], {}), ROWS),
    (("SkipLayerNormalization", ["x", "x", "gamma"], {"epsilon": 1e-5}), ROWS),
    (("SkipLayerNormalization", ["x", "x", "gamma", "beta"], {"epsilon": 1e-5}), ROWS),
    (("SkipLayerNormalization", ["x", "x", "gamma", "beta", "wide"], {"epsilon": 1e-5}), ROWS),
    (("FusedConv", ["x", "w"], {"activation": "Relu"}), IMAGE),
    (("FusedConv", ["x", "w", "bias"], {"activation": "Tanh", "pads": [1, 1, 1, 1]}), IMAGE),
    (("FusedConv", ["x", "w", "bias"],
      {"activation": "LeakyRelu", "activation_params": [0.3], "strides": [2, 2]}), IMAGE),
    (("FusedConv", ["x", "w", "bias"],
      {"activation": "Clip", "activation_params": [-0.5, 0.5]}), IMAGE),
    (("FusedConv", ["x", "w", "bias"],
      {"activation": "HardSigmoid", "activation_params": [0.2, 0.4]}), IMAGE),
    (("FusedMatMul", ["x", "right"], {"transB": 1, "alpha": 0.25}), ROWS),
    (("FusedMatMul", ["x", "left"], {}), ROWS),
    (("FusedMatMul", ["x", "x"], {"transA": 1}), ROWS),
]  # fmt: skip


def written(path: Path, nodes: list[onnx.NodeProto], x: tuple[int, ...], opset: int) -> Path:
    random = np.random.default_rng(3)
    tensors = [
        numpy_helper.from_array(random.standard_normal(shape).astype(np.float32), name)
        for name, shape in WEIGHTS.items()
        if any(name in node.input for node in nodes)
    ]
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", ["n", *x[1:]]), ("y", None))
    ]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:], tensors)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


def fused(node: Node, result: str = "y", first: str = "x") -> onnx.NodeProto:
    operator, inputs, attributes = node
    given = [first if name == "x" else name for name in inputs]
    return helper.make_node(operator, given, [result], domain="com.microsoft", **attributes)


@pytest.mark.parametrize("opset", [13, 17])
@pytest.mark.parametrize(("node", "shape"), FORMS, ids=lambda item: str(item[0]))
def test_each_computes_what_onnx_runtime_computes(
    node: Node, shape: tuple[int, ...], opset: int, tmp_path: Path
) -> None:
    path = written(tmp_path / "m.onnx", [fused(node)], shape, opset)
    x = np.random.default_rng(4).standard_normal(shape).astype(np.float32)
    same_as_onnx_runtime(path, tmp_path, {"x": x})


def test_every_operator_of_the_table_is_tried() -> None:
    assert {node[0] for node, _ in FORMS} == set(OPERATORS)


def test_one_after_another_each_with_the_rank_of_the_one_before(tmp_path: Path) -> None:
    nodes = [
        fused(("Gelu", ["x"], {}), "a"),
        fused(("FusedMatMul", ["x", "a"], {"transB": 1}), "b", "a"),
        fused(("FusedMatMul", ["x", "b"], {"transA": 1}), "y", "b"),
    ]
    path = written(tmp_path / "m.onnx", nodes, ROWS, 13)
    x = np.random.default_rng(4).standard_normal(ROWS).astype(np.float32)
    same_as_onnx_runtime(path, tmp_path, {"x": x})


@pytest.mark.parametrize(
    "node",
    [("FusedConv", ["x", "w"], {"activation": "Gelu"}), ("Attention", ["x", "w"], {})],
    ids=["activation", "operator"],
)
def test_what_is_not_written_out_is_refused_with_where_it_comes_from(
    node: Node, tmp_path: Path
) -> None:
    path = written(tmp_path / "m.onnx", [fused(node)], IMAGE, 17)
    with pytest.raises(ConversionError, match="convert the file that was optimised"):
        check_early(open_onnx(path, tmp_path).model)


def test_a_wrong_number_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number = Writer.number
    monkeypatch.setattr(Writer, "number", lambda self, value: number(self, value * 1.01))
    path = written(tmp_path / "m.onnx", [fused(FORMS[0][0])], ROWS, 17)
    x = np.random.default_rng(4).standard_normal(ROWS).astype(np.float32)
    with pytest.raises(AssertionError):
        same_as_onnx_runtime(path, tmp_path, {"x": x})
