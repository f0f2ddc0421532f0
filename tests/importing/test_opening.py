"""What is done to an ONNX file before it is imported, and what is refused without TensorFlow."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sigfix.errors import BlockedError, ConversionError, UsageError
from sigfix.planning.choices import Choices
from sigfix.planning.onnx_file import plan_onnx
from sigfix.planning.parsing import parse_binding, parse_input
from sigfix.reading.onnx import read_onnx
from tests.importing.single_node import onnx_runtime_outputs, require_packages, sigfix_outputs

require_packages()

import onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper, parser  # noqa: E402

from sigfix.importing.commands import CUT  # noqa: E402
from sigfix.importing.onnx_opening import open_onnx  # noqa: E402
from sigfix.importing.onnx_simplification import simplify  # noqa: E402
from sigfix.importing.preflight import check_early  # noqa: E402

HEADER = '<ir_version: 8, opset_import: ["" : 17]>\n'
FLOAT = TensorProto.FLOAT


def saved(text: str, path: Path) -> Path:
    onnx.save(parser.parse_model(HEADER + text), path)
    return path


def convolution(path: Path, sizes: list[Any], **more: Any) -> Path:
    weights = np.random.default_rng(0).normal(size=(4, 3, 3, 3)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
            helper.make_node("Relu", ["c"], ["y"]),
        ],
        "g",
        [helper.make_tensor_value_info("x", FLOAT, sizes)],
        [helper.make_tensor_value_info("y", FLOAT, more.get("outputs", [None] * 4))],
        [numpy_helper.from_array(weights, "w")],
        value_info=[helper.make_tensor_value_info("c", FLOAT, more.get("inner", [None] * 4))],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return path


def same_as_onnx_runtime(
    path: Path, folder: Path, fed: dict[str, Any], limit: float = 1e-4, **given: Any
) -> None:
    opened = open_onnx(path, folder, **given)
    check_early(opened.model)
    expected = onnx_runtime_outputs(onnx.load(opened.reference), fed)
    found = sigfix_outputs(simplify(opened.model), fed)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=limit, atol=limit / 10)


@pytest.mark.parametrize("axes", [(0,), (2, 3), (0, 2, 3)])
def test_a_size_of_minus_one_is_dynamic_wherever_it_stands(
    axes: tuple[int, ...], tmp_path: Path
) -> None:
    sizes = [-1 if axis in axes else size for axis, size in enumerate((2, 3, 8, 8))]
    outputs = [sizes[0], 4, *sizes[2:]]
    path = convolution(tmp_path / "m.onnx", sizes, outputs=outputs, inner=outputs)
    x = np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype(np.float32)
    same_as_onnx_runtime(path, tmp_path, {"x": x})
    described = read_onnx(path)
    assert [item.shape for item in (*described.inputs, *described.outputs)] == [
        tuple(None if size == -1 else size for size in shape) for shape in (sizes, outputs)
    ]


@pytest.mark.parametrize("place", [0, 2])
def test_a_size_of_zero_is_refused_unless_the_user_says_another(place: int, tmp_path: Path) -> None:
    sizes: list[Any] = [2, 3, 8, 8]
    sizes[place] = 0
    path = convolution(tmp_path / "m.onnx", sizes)
    with pytest.raises(BlockedError, match="empty tensors") as caught:
        open_onnx(path, tmp_path)
    choice = parse_input(shlex.split(str(caught.value.hint).split("   ")[0])[1])
    x = np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype(np.float32)
    with pytest.raises(Exception, match="dimension"):
        onnx_runtime_outputs(onnx.load(path), {"x": x})
    shape = [n or 8 if axis else n for axis, n in enumerate(choice.shape or ())]
    same_as_onnx_runtime(path, tmp_path, {"x": x}, sizes={choice.name: shape})
    blocked = plan_onnx(read_onnx(path), Choices())
    assert blocked.verdict == "blocked" and "empty tensors" in blocked.reason
    words = shlex.split(blocked.hint, comments=True)
    assert words[:2] == ["sigfix", "repair"]
    opened = plan_onnx(read_onnx(path), Choices(inputs=(parse_input(words[-1]),)))
    assert opened.verdict == "repairable"


def test_sizes_and_values_are_in_the_file_before_it_is_imported(tmp_path: Path) -> None:
    path = convolution(tmp_path / "m.onnx", ["n", 3, "h", "w"])
    plan = plan_onnx(read_onnx(path), Choices(inputs=(parse_input("x=float32[?,3,8,10]"),)))
    (edit,) = plan.edits
    assert edit.sizes == (("x", (None, 3, 8, 10)),)
    assert edit.inputs == ("x: float32[?,3,8,10]",)
    x = np.random.default_rng(0).normal(size=(2, 3, 8, 10)).astype(np.float32)
    same_as_onnx_runtime(path, tmp_path, {"x": x}, sizes=dict(edit.sizes))
    contradicted = plan_onnx(read_onnx(path), Choices(inputs=(parse_input("x=float32[?,4,8,8]"),)))
    assert contradicted.verdict == "blocked" and "does not fit" in contradicted.reason
    with pytest.raises(BlockedError, match="does not fit"):
        open_onnx(path, tmp_path, {"x": (None, 4, 8, 8)})
    with pytest.raises(UsageError, match="there are x"):
        open_onnx(path, tmp_path, {"z": (1,)})


CUT_OFF = """g (float[n, 3, h, w] image) => (float[n, 1, a, b] y) {
    k = Constant<value = float[3, 1, 1, 1] {1.0, 0.5, 2.0}>()
    y = ConvTranspose<output_shape = [224, 224], kernel_shape = [1, 1]>(image, k)
}"""
BY_SIZE = """g (float[n, w] x) => (float[n, w] y) {
    shape = Shape(x)
    one = Constant<value = int64 {1}>()
    width = Gather<axis = 0>(shape, one)
    four = Constant<value = int64 {64}>()
    same = Equal(width, four)
    y = If(same) <
        then_branch = yes () => (float[n, w] a) { a = Relu(x) },
        else_branch = no () => (float[n, w] c) { c = Neg(x) }
    >
}"""
BY_VALUE = """g (float[n, w] x, int64 sr) => (float[n, w] y) {
    rate = Constant<value = int64 {16000}>()
    same = Equal(sr, rate)
    y = If(same) <
        then_branch = yes () => (float[n, w] a) { a = Relu(x) },
        else_branch = no () => (float[n, w] c) { c = Neg(x) }
    >
}"""
BY_DATA = """g (float[n, 4] x) => (float[n, 4] y) {
    axes = Constant<value = int64[2] {0, 1}>()
    sum = ReduceSum<keepdims = 0>(x, axes)
    zero = Constant<value = float {0.0}>()
    same = Greater(sum, zero)
    y = If(same) <
        then_branch = yes () => (float[n, 4] a) { a = Relu(x) },
        else_branch = no () => (float[n, 4] c) { c = Neg(x) }
    >
}"""


def refused(path: Path, folder: Path, **given: Any) -> ConversionError:
    with pytest.raises(ConversionError) as caught:
        model = simplify(open_onnx(path, folder, **given).model)
        fed = {v.name: np.zeros([1], np.float32) for v in model.graph.input}
        sigfix_outputs(model, fed)
    return caught.value


@pytest.mark.parametrize(
    ("text", "words", "sizes"),
    [(CUT_OFF, "ConvTranspose", (2, 3, 224, 224)), (BY_SIZE, "depends on sizes", (1, 64))],
)
def test_the_sizes_that_a_refusal_names_make_it_convert(
    text: str, words: str, sizes: tuple[int, ...], tmp_path: Path
) -> None:
    path = saved(text, tmp_path / "m.onnx")
    error = refused(path, tmp_path)
    assert words in error.message
    assert "TensorFlow.js" not in error.message
    assert error.hint and error.hint.startswith("--input ")
    choice = parse_input(shlex.split(error.hint.split("   ")[0])[1])
    assert choice.dtype == "float32"
    x = np.random.default_rng(0).normal(size=sizes).astype(np.float32)
    same_as_onnx_runtime(path, tmp_path, {choice.name: x}, sizes={choice.name: choice.shape})


def test_the_value_that_a_refusal_names_makes_it_convert(tmp_path: Path) -> None:
    path = saved(BY_VALUE, tmp_path / "m.onnx")
    error = refused(path, tmp_path)
    assert "its condition depends on sr" in error.message
    assert error.hint == "--bind sr=16000"
    x = np.random.default_rng(0).normal(size=(2, 5)).astype(np.float32)
    for value in (16000, 8000):
        plan = plan_onnx(read_onnx(path), Choices(bind=(parse_binding(f"sr={value}"),)))
        (edit,) = plan.edits
        assert edit.bound == (("sr", value),)
        assert edit.inputs == ("x: float32[?,?]",)
        same_as_onnx_runtime(path, tmp_path, {"x": x}, bound=dict(edit.bound))


def test_a_branch_that_the_data_choose_is_where_the_model_can_be_cut(tmp_path: Path) -> None:
    path = saved(BY_DATA, tmp_path / "m.onnx")
    error = refused(path, tmp_path)
    assert "its condition depends on x" in error.message
    assert error.hint and error.hint.startswith(CUT)
    parts = json.loads(error.hint.removeprefix(CUT))
    assert (parts["inputs"], parts["outputs"], parts["fed"]) == (["x"], ["same"], [])
    with pytest.raises(ConversionError, match="If"):
        check_early(open_onnx(path, tmp_path).model)


OLD = """<ir_version: 3, opset_import: ["" : 6]>
g (float[2, 4, 6] x, float[6] w) => (float[2, 2, 6] y, float[2, 4, 6] z) {
    y = Slice<axes = [1], starts = [1], ends = [3]>(x)
    a = Add<broadcast = 1>(x, w)
    z = Clip<min = -0.5, max = 0.5>(a)
}"""


def test_operators_that_onnx_runtime_is_too_new_for_are_brought_on(tmp_path: Path) -> None:
    onnx.save(parser.parse_model(OLD), tmp_path / "m.onnx")
    opened = open_onnx(tmp_path / "m.onnx", tmp_path)
    (note,) = opened.notes
    assert note.startswith("the file's operators of opset 6 (Add) are brought to opset 13")
    random = np.random.default_rng(0)
    x, w = (random.normal(size=s).astype(np.float32) for s in ((2, 4, 6), (6,)))
    found = onnx_runtime_outputs(onnx.load(opened.reference), {"x": x, "w": w})
    np.testing.assert_array_equal(found["y"], x[:, 1:3])
    np.testing.assert_allclose(found["z"], np.clip(x + w, -0.5, 0.5))


def test_a_folder_whose_name_is_no_text(tmp_path: Path) -> None:
    """ONNX's checker takes paths as text alone; it said that the model is not readable."""
    folder = tmp_path / os.fsdecode(b"nu\xff")
    folder.mkdir()
    path = convolution(folder / "m.onnx", [1, 3, 8, 8])
    assert open_onnx(path, tmp_path).model.graph.node


def test_a_function_that_does_not_make_its_output_is_named(tmp_path: Path) -> None:
    """ONNX's checker takes the file; the name is looked for where it is read."""
    from sigfix.importing.onnx_to_graph import trace_onnx

    model = parser.parse_model("""<ir_version: 8, opset_import: ["" : 17, "own" : 1]>
        m (float[N, 3] x) => (float[N, 3] y) { z = own.twice (x)  y = Softmax (z) }
        <domain: "own", opset_import: ["" : 17]> twice (v) => (other) { w = Add (v, v) }""")
    onnx.save(model, tmp_path / "m.onnx")
    with pytest.raises(
        ConversionError, match=r"Softmax \(node y\): its input z is made by no node"
    ):
        trace_onnx(simplify(open_onnx(tmp_path / "m.onnx", tmp_path).model))
    model.graph.output[0].name = "nobody"
    del model.graph.node[:]
    with pytest.raises(ConversionError, match="output nobody is made by no node"):
        trace_onnx(model)


def test_numbers_in_a_function_are_of_the_type_that_onnx_says(tmp_path: Path) -> None:
    """Nobody infers types behind what has no shape; onnxslim takes their numbers for float64."""
    model = parser.parse_model("""<ir_version: 8, opset_import: ["" : 17, "own" : 1]>
        m (float[N, M, 3] x) => (float[N, M, 3] y) { c = own.swish (x)  y = own.swish (c) }
        <domain: "own", opset_import: ["" : 17]> swish (v) => (w) {
            a = Constant <value_float: float = 1.5> ()
            many = Constant <value_floats: floats = [1.5, -2.0, 3.0]> ()
            b = Mul (v, a)  s = Sigmoid (b)  w = Mul (s, many)
        }""")
    onnx.save(model, tmp_path / "m.onnx")
    fed = {"x": np.random.default_rng(0).normal(size=(2, 4, 3)).astype(np.float32)}
    same_as_onnx_runtime(tmp_path / "m.onnx", tmp_path, fed)


def test_a_weight_of_another_size_than_it_says_is_no_traceback() -> None:
    """ONNX's checker takes the file, and onnxslim falls over it."""
    model = parser.parse_model("""<ir_version: 8, opset_import: ["" : 17]>
        m (float[1, 2, 4, 4] x) => (float[1, 2, 4, 4] y)
        <float[2, 2, 1, 1] k = {1, 0, 0, 1}, float[2] s = {1, 1}, float[2] b = {0, 0},
         float[2] mean = {0, 0}, float[2] var = {1, 1}>
        { c = Conv (x, k)  y = BatchNormalization (c, s, b, mean, var) }""")
    assert simplify(model).graph.node
    model.graph.initializer[0].ClearField("float_data")
    model.graph.initializer[0].raw_data = bytes(15)
    with pytest.raises(ConversionError, match="could not be simplified"):
        simplify(model)
