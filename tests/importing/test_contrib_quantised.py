"""ONNX Runtime's quantised operators, written out, against ONNX Runtime on the operator itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.importing.single_node import onnx_runtime_outputs, require_packages, sigfix_outputs

require_packages()

import onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from sigfix.importing.contrib_quantised import OPERATORS, write_out_quantised  # noqa: E402

KINDS = {"uint8": TensorProto.UINT8, "int8": TensorProto.INT8}


def model_of(operator: str, kind: str, **attributes: Any) -> Any:
    """A node of `x` (and `z`), with scales and zeros that are constants."""
    two = operator in ("QLinearAdd", "QLinearMul", "QLinearConcat")
    scales = {"s1": 0.02, "s2": 0.03, "s3": 0.05}
    zeros = {"z1": 3, "z2": 5, "z3": 7}
    first, second, result = (["x", "s1", "z1"], ["z", "s2", "z2"], ["s3", "z3"])
    inputs = [*first, *(second if two else []), *result]
    if operator == "QLinearConcat":
        inputs = [*result, *first, *second]
    if operator == "QGemm":
        inputs = [*first, "w", "s2", "z2", "bias", *result]
    node = helper.make_node(operator, inputs, ["y"], "n", domain="com.microsoft", **attributes)
    shape = [2, 6] if operator == "QGemm" else [2, 3, 4, 6]
    fed = [
        helper.make_tensor_value_info(n, KINDS[kind], shape) for n in (["x", "z"] if two else ["x"])
    ]
    random = np.random.default_rng(1)
    weights = {
        **{n: np.array(v, np.float32) for n, v in scales.items()},
        **{n: np.array(v, kind) for n, v in zeros.items()},
        "w": random.integers(0, 99, (6, 5)).astype(kind),
        "bias": random.integers(-999, 999, 5).astype(np.int32),
    }
    used = [numpy_helper.from_array(v, n) for n, v in weights.items() if n in inputs]
    outputs = [helper.make_tensor_value_info("y", KINDS[kind], None)]
    graph = helper.make_graph([node], "g", fed, outputs, used)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets)
    model.ir_version = 8
    return model


FORMS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("QLinearAdd", {}),
    ("QLinearMul", {}),
    ("QLinearSigmoid", {}),
    ("QLinearLeakyRelu", {"alpha": 0.2}),
    ("QLinearAveragePool", {"kernel_shape": [2, 3], "strides": [2, 2], "pads": [0, 1, 0, 1]}),
    ("QLinearGlobalAveragePool", {}),
    ("QLinearSoftmax", {"axis": 3, "opset": 13}),
    ("QLinearConcat", {"axis": 1}),
    ("QGemm", {}),
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("operator", "attributes"), FORMS, ids=[name for name, _ in FORMS])
def test_equals_onnx_runtime(operator: str, attributes: dict[str, Any], kind: str) -> None:
    model = model_of(operator, kind, **attributes)
    random = np.random.default_rng(0)
    fed = {
        v.name: random.integers(0, 120, [d.dim_value for d in v.type.tensor_type.shape.dim])
        for v in model.graph.input
    }
    inputs = {name: value.astype(kind) for name, value in fed.items()}
    expected = onnx_runtime_outputs(model, inputs)["y"]
    write_out_quantised(model)
    assert not any(node.domain for node in model.graph.node)
    found = sigfix_outputs(onnx.shape_inference.infer_shapes(model), inputs)["y"]
    assert found.dtype == expected.dtype and found.shape == expected.shape
    steps = np.abs(found.astype(int) - expected.astype(int))
    assert steps.max() <= 1 and (steps > 0).mean() < 0.1  # what lies between two steps


def test_every_operator_has_a_form() -> None:
    assert {name for name, _ in FORMS} == {*OPERATORS, "QGemm"}


def test_what_they_do_not_mean_is_left() -> None:
    model = model_of("QLinearGlobalAveragePool", "uint8", channels_last=1)
    write_out_quantised(model)
    assert [node.op_type for node in model.graph.node] == ["QLinearGlobalAveragePool"]
