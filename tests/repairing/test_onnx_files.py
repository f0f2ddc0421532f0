"""ONNX files become SavedModels; ONNX Runtime's numbers are the reference."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

import sigfix
from sigfix.planning.choices import NormalizeChoice, parse_append, parse_input
from sigfix.planning.codec import read_plan, write_plan
from sigfix.presets import find_preset
from tests.repairing.running import fingerprint, run_both

pytestmark = pytest.mark.skipif(find_spec("onnx_tf") is None, reason="onnx-tf is not installed")
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
    assert edit.outputs == ("feature_map: float32[?,4,8,8]", "logits: float32[?,4]")


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
