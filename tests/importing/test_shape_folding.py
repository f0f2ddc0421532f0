"""Shape arithmetic is folded, and the folded model computes the same at every batch size."""

from __future__ import annotations

import numpy as np
import pytest

from tests.importing.single_node import onnx_runtime_outputs, require_packages

require_packages()

HEADER = '<ir_version: 8, opset_import: ["" : 17]>\n'
RESHAPE = """g (float[batch, 4, 6] x) => (float[b, 2, 12] y) {
    shape = Shape(x)
    zero = Constant<value = int64[1] {0}>()
    first = Gather<axis = 0>(shape, zero)
    rest = Constant<value = int64[2] {2, 12}>()
    target = Concat<axis = 0>(first, rest)
    y = Reshape(x, target)
}"""
WINDOWS = """g (float[batch, 4, 6] x) => (float[n, 6] y) {
    shape = Shape(x)
    zero = Constant<value = int64[1] {0}>()
    first = Gather<axis = 0>(shape, zero)
    four = Constant<value = int64[1] {4}>()
    six = Constant<value = int64[1] {6}>()
    rows = Mul(first, four)
    target = Concat<axis = 0>(rows, six)
    y = Reshape(x, target)
}"""
EXPAND = """g (float[batch, 4] x) => (float[b, 3, 4] y) {
    shape = Shape(x)
    zero = Constant<value = int64[1] {0}>()
    first = Gather<axis = 0>(shape, zero)
    rest = Constant<value = int64[2] {3, 1}>()
    target = Concat<axis = 0>(first, rest)
    one = Constant<value = int64[1] {1}>()
    ones = ConstantOfShape<value = float[1] {1.0}>(target)
    wide = Unsqueeze(x, one)
    y = Mul(ones, wide)
}"""
BRANCH = """g (float[batch, 4] x) => (float[b, 4] y) {
    shape = Shape(x)
    one = Constant<value = int64[1] {1}>()
    width = Gather<axis = 0>(shape, one)
    four = Constant<value = int64[1] {4}>()
    same = Equal(width, four)
    y = If(same) <
        then_branch = yes () => (float[b, 4] a) { a = Relu(x) },
        else_branch = no () => (float[b, 4] c) { c = Neg(x) }
    >
}"""


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (RESHAPE, ["Reshape"]),
        (WINDOWS, ["Reshape"]),
        (EXPAND, ["Shape", "Gather", "Concat", "ConstantOfShape", "Unsqueeze", "Mul"]),
        (BRANCH, ["Relu", "Identity"]),
    ],
)
def test_only_what_needs_the_batch_is_left(text: str, left: list[str]) -> None:
    import onnx

    from sigfix.importing.shape_folding import fold_shapes

    model = onnx.parser.parse_model(HEADER + text)
    original = model.SerializeToString()
    folded = fold_shapes(model)
    onnx.checker.check_model(folded)
    assert [n.op_type for n in folded.graph.node] == left
    dims = folded.graph.input[0].type.tensor_type.shape.dim
    for batch in (1, 2, 7):
        shape = [batch, *(d.dim_value for d in dims[1:])]
        x = np.random.default_rng(batch).normal(size=shape).astype(np.float32)
        before = onnx_runtime_outputs(onnx.ModelProto.FromString(original), {"x": x})
        after = onnx_runtime_outputs(folded, {"x": x})
        np.testing.assert_array_equal(before["y"], after["y"])


def test_a_model_with_another_dynamic_dimension_is_left_alone() -> None:
    text = RESHAPE.replace("float[batch, 4, 6] x", "float[batch, rows, 6] x")
    from onnx import parser

    from sigfix.importing.shape_folding import fold_shapes

    model = parser.parse_model(HEADER + text)
    count = len(model.graph.node)
    assert len(fold_shapes(model).graph.node) == count
