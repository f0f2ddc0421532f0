"""ONNX Runtime's operators for transformers, written out: the same numbers as it computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.importing.single_node import require_packages

require_packages()

import onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from sigfix.importing.onnx_opening import EXACT, open_onnx  # noqa: E402
from tests.importing.test_opening import same_as_onnx_runtime  # noqa: E402

RANDOM = np.random.default_rng(5)


def floats(*sizes: int) -> np.ndarray[Any, Any]:
    return RANDOM.standard_normal(sizes).astype(np.float32)


X, LONG = floats(2, 5, 16), floats(2, 7, 16)
SHOWN = np.array([[1, 1, 1, 1, 0], [1, 1, 0, 0, 0]], np.int32)
IDS = np.array([[1, 5, 3, 0, 7], [2, 2, 19, 4, 1]], np.int32)
SECOND = np.array([[0, 0, 0, 1, 1], [0, 1, 1, 1, 1]], np.int32)
PLACES = np.array([[0, 1, 2, 3, 4], [3, 4, 5, 6, 7]])
WEIGHTS: dict[str, np.ndarray[Any, Any]] = {
    "w": floats(16, 48) * 0.3, "b": floats(48), "uneven": floats(16, 32) * 0.3, "ub": floats(32),
    "words": floats(20, 16), "places": floats(12, 16), "kinds": floats(2, 16), "gamma": floats(16),
    "beta": floats(16), "cos": np.cos(floats(12, 4)), "sin": np.sin(floats(12, 4)),
    "bytes": RANDOM.integers(-100, 100, (16, 48)).astype(np.int8), "step": np.float32(0.005),
    "none": np.int8(0), "steps": np.abs(floats(48)) * 0.01, "nones": np.zeros(48, np.int8),
    "four": RANDOM.integers(0, 256, (6, 2, 8)).astype(np.uint8), "scales": np.abs(floats(12)) * 0.1,
    "zeros": RANDOM.integers(0, 256, 6).astype(np.uint8), "after": floats(16, 16) * 0.3,
    "eight": RANDOM.integers(0, 256, (6, 2, 16)).astype(np.uint8),
    "zero8": RANDOM.integers(0, 256, 12).astype(np.uint8), "six": floats(6),
}  # fmt: skip
HEADS = {"num_heads": 4}
PAST = {"pk": floats(2, 4, 6, 4), "pv": floats(2, 4, 6, 4)}
BITS = {"K": 32, "N": 6, "block_size": 16}

# Operator, its inputs (- for one left out), its outputs, attributes, what is fed.
Form = tuple[str, str, str, dict[str, Any], dict[str, Any]]
FORMS: list[Form] = [
    ("Attention", "x w b", "y", HEADS, {"x": X}),
    ("Attention", "x w b mask", "y", HEADS, {"x": X, "mask": SHOWN}),
    ("Attention", "x w b mask", "y", HEADS, {"x": X, "mask": np.array([4, 2], np.int32)}),
    ("Attention", "x w b mask", "y", HEADS,
     {"x": X, "mask": np.tril(np.ones((2, 5, 5), np.int32))}),
    ("Attention", "x w b - past", "y next", {**HEADS, "unidirectional": 1},
     {"x": X, "past": floats(2, 2, 4, 3, 4)}),
    ("Attention", "x w b - - scores", "y", {**HEADS, "scale": 0.4},
     {"x": X, "scores": floats(2, 4, 5, 5)}),
    ("Attention", "x uneven ub", "y", {**HEADS, "qkv_hidden_sizes": [8, 8, 16]}, {"x": X}),
    ("MultiHeadAttention", "x k v", "y", HEADS, {"x": X, "k": LONG, "v": LONG[::-1]}),
    ("MultiHeadAttention", "x k v b mask", "y", HEADS,
     {"x": X, "k": X[::-1], "v": X * 2, "mask": SHOWN}),
    ("MultiHeadAttention", "x k v - - scores pk pv", "y nk nv", HEADS,
     {"x": X[:, :1], "k": X[:, 1:2], "v": X[:, 2:3], "scores": floats(1, 4, 1, 7), **PAST}),
    ("MultiHeadAttention", "x k v", "y", HEADS, {"x": X, "k": PAST["pk"], "v": PAST["pv"]}),
    ("MultiHeadAttention", "x k v", "y", {**HEADS, "unidirectional": 1},
     {"x": X, "k": X[::-1], "v": X * 2}),
    ("QAttention", "q bytes b scale step - zero none", "y", HEADS, {"x": X}),
    ("EmbedLayerNormalization", "ids kind words places kinds gamma beta mask", "y shown total",
     {"epsilon": 1e-5}, {"ids": IDS, "kind": SECOND, "mask": SHOWN}),
    ("EmbedLayerNormalization", "ids - words places - gamma beta - at", "y -",
     {}, {"ids": IDS, "at": PLACES.astype(np.int32)}),
    ("RotaryEmbedding", "x at cos sin", "y", {}, {"x": floats(2, 5, 32), "at": PLACES}),
    ("RotaryEmbedding", "x at cos sin", "y", {"interleaved": 1},
     {"x": floats(2, 5, 32), "at": PLACES}),
    ("RotaryEmbedding", "x at cos sin", "y", {}, {"x": floats(2, 5, 32), "at": np.array([2])}),
    ("RotaryEmbedding", "x at cos sin", "y", {}, {"x": floats(2, 4, 5, 8), "at": PLACES}),
    ("RotaryEmbedding", "x at cos sin", "y", {"rotary_embedding_dim": 8, "num_heads": 2},
     {"x": floats(2, 5, 32), "at": PLACES}),
    ("MatMulNBits", "x four scales", "y", BITS, {"x": floats(2, 3, 32)}),
    ("MatMulNBits", "x four scales zeros - six", "y", {**BITS, "K": 30}, {"x": floats(2, 3, 30)}),
    ("MatMulNBits", "x eight scales zero8", "y", {**BITS, "bits": 8}, {"x": floats(2, 3, 32)}),
    ("DynamicQuantizeMatMul", "x bytes steps nones b", "y", {}, {"x": X}),
    ("MatMulIntegerToFloat", "q bytes scale steps zero nones b", "y", {}, {"x": X}),
]  # fmt: skip


def saved(nodes: list[onnx.NodeProto], fed: dict[str, Any], outputs: list[str], path: Path) -> Path:
    """The batch, and the tokens of what is fed, are open."""
    used = {name for node in nodes for name in node.input}
    weights = [numpy_helper.from_array(np.array(v), n) for n, v in WEIGHTS.items() if n in used]
    values = [
        helper.make_tensor_value_info(
            name,
            helper.np_dtype_to_tensor_dtype(value.dtype),
            ["n" if value.shape[0] == 2 else value.shape[0], *value.shape[1:]],
        )
        for name, value in fed.items()
    ]
    kinds = {"shown": TensorProto.INT32}
    made = [
        helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), None)
        for name in outputs
    ]
    graph = helper.make_graph(nodes, "g", values, made, weights)
    opsets = [helper.make_opsetid("", 14), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


def named(text: str) -> list[str]:
    return ["" if name == "-" else name for name in text.split()]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form[0]} {form[1]}")
def test_each_computes_what_onnx_runtime_computes(form: Form, tmp_path: Path) -> None:
    operator, inputs, outputs, attributes, fed = form
    nodes = [
        helper.make_node(
            operator, named(inputs), named(outputs), "it", domain="com.microsoft", **attributes
        )
    ]
    if "q" in inputs.split():
        nodes.insert(0, helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "scale", "zero"]))
    results = [name for name in named(outputs) if name]
    same_as_onnx_runtime(saved(nodes, fed, results, tmp_path / "m.onnx"), tmp_path, fed)


def test_what_onnx_runtime_may_round_is_compared_without_rounding(tmp_path: Path) -> None:
    inputs, attributes = ["x", "four", "scales"], {**BITS, "accuracy_level": 4}
    node = helper.make_node("MatMulNBits", inputs, ["y"], domain="com.microsoft", **attributes)
    fed = {"x": floats(2, 3, 32)}
    path = saved([node], fed, ["y"], tmp_path / "m.onnx")
    same_as_onnx_runtime(path, tmp_path, fed)
    assert open_onnx(path, tmp_path).notes == (EXACT,)


def test_what_has_no_tensors_to_tell_by_is_left_as_it_is(tmp_path: Path) -> None:
    node = helper.make_node("MatMulNBits", ["x", "w4", "s4"], ["y"], domain="com.microsoft", **BITS)
    fed = {"x": floats(2, 3, 32), "w4": WEIGHTS["four"], "s4": WEIGHTS["scales"]}
    model = open_onnx(saved([node], fed, ["y"], tmp_path / "m.onnx"), tmp_path).model
    assert [n.op_type for n in model.graph.node] == ["MatMulNBits"]
