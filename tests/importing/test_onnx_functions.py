"""What ONNX defines by its other operators, written out: the numbers that ONNX Runtime computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.importing.single_node import require_packages

require_packages()

import onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from sigfix.importing.onnx_functions import OPERATORS  # noqa: E402
from tests.importing.test_opening import same_as_onnx_runtime  # noqa: E402

RANDOM = np.random.default_rng(8)


def floats(*sizes: int) -> np.ndarray[Any, Any]:
    return RANDOM.standard_normal(sizes).astype(np.float32)


ROWS, HEADS = floats(2, 5, 8), floats(2, 2, 5, 8)
# Operator, its inputs, attributes, opset; what is fed, and what is constant.
Form = tuple[str, str, dict[str, Any], int, dict[str, Any], dict[str, Any]]
FORMS: list[Form] = [
    ("RMSNormalization", "x w", {"axis": -1}, 23, {"x": ROWS}, {"w": floats(8)}),
    ("RotaryEmbedding", "x c s at", {}, 23,
     {"x": HEADS, "at": np.array([[0, 1, 2, 3, 4], [3, 4, 5, 6, 7]])},
     {"c": floats(12, 4), "s": floats(12, 4)}),
    ("RMSNormalization", "x w", {"axis": 1, "epsilon": 0.1}, 23, {"x": ROWS}, {"w": floats(5, 8)}),
    *(("RotaryEmbedding", "x c s at", attributes, 23,
       {"x": x, "at": np.array([[0, 1, 2, 3, 4], [3, 4, 5, 6, 7]])},
       {"c": floats(12, width), "s": floats(12, width)})
      for attributes, x, width in (
          ({"interleaved": 1}, HEADS, 4),
          ({"rotary_embedding_dim": 4}, HEADS, 2),
          ({"num_heads": 2}, ROWS, 2),
          ({"num_heads": 2, "interleaved": 1}, ROWS, 2))),
    ("RotaryEmbedding", "x c s", {}, 23, {"x": HEADS},
     {"c": floats(2, 5, 4), "s": floats(2, 5, 4)}),
    ("AffineGrid", "x size", {"align_corners": 1}, 20, {"x": floats(2, 2, 3)},
     {"size": np.array([2, 1, 4, 5])}),
    ("AffineGrid", "x size", {}, 20, {"x": floats(2, 3, 4)}, {"size": np.array([2, 1, 3, 4, 5])}),
    ("CenterCropPad", "x size", {}, 18, {"x": ROWS}, {"size": np.array([2, 3, 9])}),
    ("NegativeLogLikelihoodLoss", "x at w", {"reduction": "sum", "ignore_index": 1}, 17,
     {"x": ROWS, "at": np.array([[1, 4, 2, 0, 3, 1, 1, 2]] * 2)}, {"w": abs(floats(5))}),
    ("SoftmaxCrossEntropyLoss", "x at w", {"reduction": "mean"}, 17,
     {"x": ROWS, "at": np.array([[1, 4, 2, 0, 3, 1, 1, 2]] * 2)}, {"w": abs(floats(5))}),
    ("AffineGrid", "x size", {}, 20, {"x": floats(2, 2, 3)}, {"size": np.array([2, 1, 4, 5])}),
    ("CenterCropPad", "x size", {"axes": [1, 2]}, 18, {"x": ROWS}, {"size": np.array([7, 4])}),
    ("HannWindow", "length", {}, 17, {"x": ROWS}, {"length": np.array(8)}),
    ("HammingWindow", "length", {"periodic": 0}, 17, {"x": ROWS}, {"length": np.array(8)}),
    ("BlackmanWindow", "length", {}, 17, {"x": ROWS}, {"length": np.array(8)}),
    ("NegativeLogLikelihoodLoss", "x at", {}, 17,
     {"x": ROWS[:, 0], "at": np.array([1, 7])}, {}),
    ("SoftmaxCrossEntropyLoss", "x at", {"reduction": "none"}, 17,
     {"x": ROWS[:, 0], "at": np.array([1, 7])}, {}),
]  # fmt: skip


def saved(form: Form, path: Path) -> Path:
    operator, inputs, attributes, opset, fed, constants = form
    nodes = [helper.make_node(operator, inputs.split(), ["made"], "it", **attributes)]
    others = [name for name in fed if name not in inputs.split()]
    nodes.append(helper.make_node("Mul", ["made", others[0]], ["y"]) if others else
                 helper.make_node("Neg", ["made"], ["y"]))  # fmt: skip
    values = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(value.dtype), ["n", *value.shape[1:]]
        )
        for name, value in fed.items()
    ]
    made = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    weights = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "g", values, made, weights)
    opsets = [helper.make_opsetid("", opset)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), path)
    return path


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form[0])
def test_each_computes_what_onnx_runtime_computes(form: Form, tmp_path: Path) -> None:
    same_as_onnx_runtime(saved(form, tmp_path / "m.onnx"), tmp_path, form[4])


def test_every_operator_of_the_table_is_tried() -> None:
    assert {form[0] for form in FORMS} == set(OPERATORS)
