"""ONNX files become SavedModels; ONNX Runtime's numbers are the reference."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

import sigfix
from sigfix.errors import ConversionError
from sigfix.planning.choices import NormalizeChoice
from sigfix.planning.codec import read_plan, write_plan
from sigfix.planning.parsing import parse_append, parse_binding, parse_input
from sigfix.presets import find_preset
from tests.loaders import fingerprint, run_both

pytestmark = pytest.mark.skipif(find_spec("onnxslim") is None, reason="onnxslim is not installed")
PIXELS = np.random.default_rng(1).normal(size=(2, 3, 8, 8)).astype("float32")


def onnxruntime_session(path):
    import onnxruntime

    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def reference(path, pixels):
    session = onnxruntime_session(path)
    logits, features = session.run(["logits", "feature.map"], {"pixels": pixels})
    return logits, features


def test_imported_changed_and_compared(saved, tmp_path):
    source = saved("onnx_file") / "model.onnx"
    before = fingerprint(source.parent)
    choices = sigfix.Choices(
        layout="nhwc",
        rename=(("logits", "scores"),),
        append=(parse_append("class=argmax(scores)"),),
    )
    plan = sigfix.plan(source, choices)
    assert [type(edit).__name__ for edit in plan.edits] == ["ImportOnnx", "AddSignature"]
    assert read_plan(write_plan(plan), "text") == plan
    result = sigfix.repair(source, tmp_path / "out", saved_plan=plan)
    assert [item.verdict for item in result.parity] == ["same", "same"]
    got = run_both(tmp_path / "out", {"pixels": PIXELS.transpose(0, 2, 3, 1)})
    logits, features = reference(source, PIXELS)
    np.testing.assert_allclose(got["scores"], logits, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(got["class"], logits.argmax(-1))
    np.testing.assert_allclose(
        got["feature_map"], features.transpose(0, 2, 3, 1), rtol=1e-4, atol=1e-5
    )
    assert fingerprint(source.parent) == before


def test_the_plan_needs_neither_onnx_nor_tensorflow(saved):
    plan = sigfix.plan(saved("onnx_file") / "model.onnx")
    (edit,) = plan.edits
    assert edit.inputs == ("pixels: float32[?,3,8,8]",)
    renamed = "feature_map: float32[?,4,8,8]  (feature.map in the file)"
    assert edit.outputs == (renamed, "logits: float32[?,4]")


def test_sizes_are_fixed_and_values_bound_before_the_import(tmp_path):
    """A branch on a value and one on sizes: neither can be imported as it is."""
    source = tmp_path / "model.onnx"
    write_branches(source)
    with pytest.raises(ConversionError, match="its condition depends on") as raised:
        sigfix.repair(source, tmp_path / "out")
    assert raised.value.hint.startswith(f"sigfix repair {source} --")
    choices = sigfix.Choices(
        inputs=(parse_input("x:0=float32[2,6]"),), bind=(parse_binding("rate.hz=8000"),)
    )
    plan = sigfix.plan(source, choices)
    assert read_plan(write_plan(plan), "text") == plan
    assert [type(edit).__name__ for edit in plan.edits] == ["ImportOnnx"]
    assert plan.edits[0].inputs == ("x_0: float32[2,6]  (x:0 in the file)",)
    x = np.random.default_rng(3).normal(size=(2, 6)).astype("float32")
    options = sigfix.RepairOptions(inputs={"x:0": x})  # by the file's own name
    result = sigfix.repair(source, tmp_path / "out", choices, options)
    assert [item.verdict for item in result.parity] == ["same"]
    got = run_both(tmp_path / "out", {"x_0": x})
    (expected,) = onnxruntime_session(source).run(["y"], {"x:0": x, "rate.hz": np.array(8000)})
    np.testing.assert_allclose(got["y"], expected, rtol=1e-5)


def write_branches(path):
    import onnx

    model = onnx.parser.parse_model("""<ir_version: 8, opset_import: ["" : 17]>
    g (float[n, w] x, int64 rate) => (float[n, w] y) {
        fast = Constant<value = int64 {16000}>()
        same = Equal(rate, fast)
        a = If(same) <
            then_branch = yes () => (float[n, w] b) { b = Relu(x) },
            else_branch = no () => (float[n, w] c) { c = Neg(x) }
        >
        shape = Shape(x)
        one = Constant<value = int64 {1}>()
        width = Gather<axis = 0>(shape, one)
        six = Constant<value = int64 {6}>()
        wide = Greater(width, six)
        y = If(wide) <
            then_branch = yes2 () => (float[n, w] d) { d = Exp(a) },
            else_branch = no2 () => (float[n, w] e) { e = Tanh(a) }
        >
    }""")
    names = {"x": "x:0", "rate": "rate.hz"}

    def rename(graph):
        for value in graph.input:
            value.name = names.get(value.name, value.name)
        for node in graph.node:
            node.input[:] = [names.get(name, name) for name in node.input]
            for attribute in node.attribute:
                rename(attribute.g)

    rename(model.graph)
    onnx.save(model, path)


@pytest.mark.parametrize(
    ("choices", "why"),
    [
        ({"rename": (("scores", "logits"),)}, "no such input or output"),
        ({"inputs": (parse_input("pixels=[?,1,8,8]"),)}, "does not fit"),
        ({"from_key": ("predict",)}, "no signature predict"),
        ({"preset": "crnn_vgg16_bn", "vocabulary": "abc"}, "takes float32"),
    ],
)
def test_what_the_file_cannot_be_is_said_before_anything_runs(saved, tmp_path, choices, why):
    if "preset" in choices:
        from sigfix.presets import find_preset

        choices = {**choices, "preset": find_preset(choices["preset"])}
    with pytest.raises(sigfix.SigfixError, match=why):
        sigfix.repair(
            saved("onnx_file") / "model.onnx", tmp_path / "out", sigfix.Choices(**choices)
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("raw", [False, True])
def test_a_detector_has_one_sigmoid_or_none(tmp_path, raw):
    source = tmp_path / "detector.onnx"
    write_detector(source)
    preset = find_preset("linknet_resnet18", 32, raw)
    normalize = NormalizeChoice(preset.mean, preset.std)
    result = sigfix.repair(
        source, tmp_path / "out", sigfix.Choices(preset=preset, normalize=normalize)
    )
    assert {item.verdict for item in result.parity} == {"same"}
    rgb = np.random.default_rng(2).random((2, 32, 32, 3), "float32")
    fed = ((rgb - np.float32(preset.mean)) / np.float32(preset.std)).transpose(0, 3, 1, 2)
    session = onnxruntime_session(source)
    (logits,) = session.run(None, {"input": fed.astype("float32")})
    expected = logits.transpose(0, 2, 3, 1)
    expected = expected if raw else 1 / (1 + np.exp(-expected))
    got = run_both(tmp_path / "out", {"input": rgb})
    assert list(got) == [preset.output]
    np.testing.assert_allclose(got[preset.output], expected, atol=1e-5)


def write_detector(path):
    """An export as docTR's detectors have it, of one convolution: logits [N, 1, H, W]."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(5).normal(size=(1, 3, 3, 3)).astype("float32")
    sides = ["batch_size", 1, "height", "width"]
    graph = helper.make_graph(
        [helper.make_node("Conv", ["input", "weights"], ["logits"], pads=[1, 1, 1, 1])],
        "detector",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [sides[0], 3, *sides[2:]])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, sides)],
        [numpy_helper.from_array(weights, "weights")],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
