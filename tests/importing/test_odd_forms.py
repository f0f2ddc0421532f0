"""Forms of ONNX operators that are valid and rare: as ONNX Runtime computes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.importing.single_node import require_packages

require_packages()

import onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from tests.importing.test_opening import same_as_onnx_runtime  # noqa: E402

FLOAT, BOOL = TensorProto.FLOAT, TensorProto.BOOL
IMAGE = np.random.default_rng(0).standard_normal((2, 4, 4, 6)).astype(np.float32)
FLAGS = np.array([[True, False, True], [False, False, True]])
WEIGHTS = {
    "two": np.array([2, 1.5], np.float32), "eight": np.array([8, 9], np.int64),
    "none": np.array([], np.float32), "whole": np.array([2, 4, 8, 9], np.int64),
    "rows": np.array([2, 4, -1], np.int64), "scale": np.array([1.5, 0.5], np.float32),
    "bias": np.array([0.1, -1], np.float32), "last": np.array([-1], np.int64),
    "yes": np.array(True), "no": np.array(False),
}  # fmt: skip
AXES = {"mode": "linear", "axes": [2, 3]}


def node(operator: str, inputs: str, output: str = "y", **attributes: Any) -> onnx.NodeProto:
    names = ["" if name == "-" else name for name in inputs.split()]
    return helper.make_node(operator, names, [output], output, **attributes)


def branch(operator: str, name: str) -> onnx.GraphProto:
    value = helper.make_tensor_value_info(name, FLOAT, None)
    return helper.make_graph([node(operator, "x", name)], name, [], [value])


def chosen(condition: str) -> onnx.NodeProto:
    sides = {"then_branch": branch("Relu", "t"), "else_branch": branch("Neg", "e")}
    return node("If", condition, **sides)


FORMS: dict[str, tuple[list[onnx.NodeProto], np.ndarray[Any, Any], int, list[int | str]]] = {
    "resized axes by scales": ([node("Resize", "x - two", **AXES)], IMAGE, 18, ["n", 4, 8, 9]),
    "resized axes by sizes": (
        [node("Resize", "x - - eight", **{**AXES, "mode": "nearest"})], IMAGE, 18, ["n", 4, 8, 9],
    ),
    "sizes beside empty scales": (
        [node("Resize", "x none none whole", mode="nearest")], IMAGE, 11, ["n", 4, 8, 9],
    ),
    "what reads resized axes": (
        [node("Resize", "x - two", "z", **AXES), node("Reshape", "z rows")], IMAGE, 18, [2, 4, 72],
    ),
    "the largest flag": ([node("ReduceMax", "x last")], FLAGS, 20, ["n", 1]),
    "the least flag": ([node("ReduceMin", "x last", keepdims=0)], FLAGS, 20, ["n"]),
    "a condition that is a weight": ([chosen("yes")], IMAGE, 13, ["n", 4, 4, 6]),
    "another": ([chosen("no")], IMAGE, 13, ["n", 4, 4, 6]),
    "a normalisation that is deprecated": (
        [node("GroupNormalization", "x scale bias", num_groups=2)], IMAGE, 18, ["n", 4, 4, 6],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_equals_onnx_runtime(name: str, tmp_path: Path) -> None:
    nodes, x, opset, shape = FORMS[name]
    kind = helper.np_dtype_to_tensor_dtype(x.dtype)
    used = {name for each in nodes for name in each.input}
    weights = [numpy_helper.from_array(v, n) for n, v in WEIGHTS.items() if n in used]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", kind, ["n", *x.shape[1:]])],
        [helper.make_tensor_value_info("y", kind, shape)],
        weights,
    )
    opsets = [helper.make_opsetid("", opset)]
    path = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    same_as_onnx_runtime(path, tmp_path, {"x": x})
