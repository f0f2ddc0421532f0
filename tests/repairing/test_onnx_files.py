"""ONNX files become SavedModels; ONNX Runtime's numbers are the reference."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

import sigfix
from sigfix.planning.choices import parse_append, parse_input
from sigfix.planning.codec import read_plan, write_plan
from tests.repairing.running import fingerprint, run_both

pytestmark = pytest.mark.skipif(find_spec("onnx_tf") is None, reason="onnx-tf is not installed")
PIXELS = np.random.default_rng(1).normal(size=(2, 3, 8, 8)).astype("float32")


def reference(path, pixels):
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
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
