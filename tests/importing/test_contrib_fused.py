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

from sigfix.importing.contrib_fused import EARLY, OPERATORS  # noqa: E402
from sigfix.importing.contrib_writing import Writer  # noqa: E402
from sigfix.importing.onnx_opening import open_onnx  # noqa: E402
from sigfix.importing.preflight import check_early  # noqa: E402
from tests.importing.test_contrib_attention import FORMS as TRIED  # noqa: E402
from tests.importing.test_opening import same_as_onnx_runtime  # noqa: E402

Node = tuple[str, list[str], dict[str, Any]]
WEIGHTS = {
    "w": (4, 3, 3, 3), "bias": (4,), "z": (1, 4, 1, 1), "wide": (8,), "gamma": (8,), "beta": (8,),
    "right": (5, 8), "left": (8, 6), "five": (5,), "deep": (2, 3, 5), "deeper": (5, 2, 4, 8),
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
    (("SkipSimplifiedLayerNormalization", ["x", "x", "gamma"], {"epsilon": 1e-5}), ROWS),
    (("SkipSimplifiedLayerNormalization", ["x", "x", "gamma", "wide"], {"epsilon": 1e-5}), ROWS),
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
    (("TransposeMatMul", ["x", "right"], {"transB": 1, "alpha": 0.5}), ROWS),
    (("FusedMatMul", ["x", "deep"], {"transBatchA": 1, "transA": 1, "transBatchB": 1}), (2, 3, 8)),
    (("FusedMatMul", ["x", "deeper"], {"transBatchB": 1, "transB": 1}), (2, 4, 3, 8)),
    (("FusedGemm", ["x", "left"], {"activation": "Relu", "alpha": 0.5}), (6, 8)),
    (("FusedGemm", ["x", "right", "five"],
      {"activation": "LeakyRelu", "activation_alpha": 0.3, "transB": 1}), (6, 8)),
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
    assert {node[0] for node, _ in FORMS} | {form[0] for form in TRIED} == set(OPERATORS)


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
    [
        ("FusedConv", ["x", "w"], {"activation": "Gelu"}),
        ("Attention", ["x", "w"], {}),
        ("Inverse", ["x"], {}),
    ],
    ids=["activation", "attribute", "operator"],
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


LAYER, SIMPLE = "LayerNormalization", "SimplifiedLayerNormalization"
EARLY_FORMS: list[tuple[str, list[str], list[str], dict[str, Any], int, str]] = [
    (LAYER, ["x", "gamma", "beta"], ["y"], {"axis": -1, "epsilon": 1e-12}, 9, "float32"),
    (LAYER, ["x", "gamma", "beta"], ["y"], {}, 16, "float32"),
    (LAYER, ["x", "gamma"], ["y"], {"axis": 2}, 13, "float32"),
    (LAYER, ["x", "whole", "whole"], ["y"], {"axis": 1}, 13, "float32"),
    (LAYER, ["x", "whole"], ["y"], {"axis": -2}, 11, "float32"),
    (LAYER, ["x", "gamma", "beta"], ["y", "mean", "inverse"], {}, 13, "float32"),
    (LAYER, ["x", "gamma", "beta"], ["y", "", "inverse"], {}, 13, "float32"),
    (LAYER, ["x", "gamma", "beta"], ["y"], {}, 13, "float16"),
    (LAYER, ["x", "gamma", "beta"], ["y"], {}, 13, "float64"),
    (SIMPLE, ["x", "gamma"], ["y"], {"epsilon": 1e-6}, 12, "float32"),
    (SIMPLE, ["x", "gamma"], ["y"], {"axis": -1}, 18, "float32"),
    (SIMPLE, ["x", "gamma"], ["y", "inverse"], {}, 14, "float32"),
]
"""Operator, inputs, outputs, attributes, opset, dtype: in ONNX's own domain."""


@pytest.mark.parametrize("form", EARLY_FORMS, ids=lambda form: f"{form[0]}-{form[4]}-{form[5]}")
def test_what_onnx_has_later_or_never_is_computed_as_onnx_runtime_does(
    form: tuple[str, list[str], list[str], dict[str, Any], int, str], tmp_path: Path
) -> None:
    operator, inputs, outputs, attributes, opset, dtype = form
    random = np.random.default_rng(3)
    shapes = {"gamma": (8,), "beta": (8,), "whole": (6, 8)}
    weights = [
        numpy_helper.from_array(random.standard_normal(shapes[name]).astype(dtype), name)
        for name in dict.fromkeys(inputs[1:])
    ]
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    moment = TensorProto.DOUBLE if dtype == "float64" else TensorProto.FLOAT
    values = [helper.make_tensor_value_info("x", kind, ["n", 6, 8])] + [
        helper.make_tensor_value_info(name, kind if name == "y" else moment, None)
        for name in outputs
        if name
    ]
    node = helper.make_node(operator, inputs, outputs, **attributes)
    graph = helper.make_graph([node], "g", values[:1], values[1:], weights)
    opsets = [helper.make_opsetid("", opset)]
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    x = (random.standard_normal((2, 6, 8)) * 3 + 1).astype(dtype)
    limit = 2e-3 if dtype == "float16" else 1e-4  # two steps of a half
    same_as_onnx_runtime(path, tmp_path, {"x": x}, limit=limit)
    assert operator in EARLY


def test_a_normalisation_of_unknown_floats_is_refused_with_where_it_comes_from(
    tmp_path: Path,
) -> None:
    half = numpy_helper.from_array(np.ones(8, np.float16), "half")
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT16, ["n", 6, 8]) for name in "xy"
    ]
    nodes = [
        helper.make_node("Identity", ["half"], ["scale"]),
        helper.make_node(LAYER, ["x", "scale"], ["y"]),
    ]
    graph = helper.make_graph(nodes, "g", values[:1], values[1:], [half])
    opsets = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), tmp_path / "m.onnx")
    with pytest.raises(ConversionError, match="convert the file that was optimised"):
        check_early(open_onnx(tmp_path / "m.onnx", tmp_path).model)
