"""`--preset NAME MODEL`: what the preset says about an existing model, or why it cannot."""

from __future__ import annotations

import numpy as np
import pytest

from sigfix.errors import BlockedError
from sigfix.pipeline.repair import plan, repair
from sigfix.planning import Choices
from sigfix.presets import find_preset
from tests.repairing.running import run_both

PRESET = find_preset("db_resnet34", 64)


@pytest.mark.parametrize("name", ["detector", "detector_with_sigmoid"])
def test_layout_names_and_sigmoid(saved, tmp_path, name):
    """Both end in one sigmoid: a graph that has its own gets no second."""
    result = repair(saved(name), tmp_path / "out", Choices(preset=PRESET))
    assert result.parity[0].verdict == "same"
    (edit,) = result.plan.added
    assert (edit.inputs[0].name, edit.inputs[0].shape) == ("input", (None, 64, 64, 3))
    assert edit.inputs[0].origin == "preset"
    image = np.random.default_rng(2).normal(size=(2, 64, 64, 3)).astype("f")
    got = run_both(tmp_path / "out", {"input": image})
    assert set(got) == {"probabilities"}
    assert got["probabilities"].shape == (2, 64, 64, 1)
    kernel = _kernel(saved(name))
    expected = 1 / (1 + np.exp(-(image @ kernel)))
    np.testing.assert_allclose(got["probabilities"], expected, rtol=1e-4, atol=1e-6)


def _kernel(path):
    import tensorflow as tf

    return tf.saved_model.load(str(path)).kernel.numpy()


@pytest.mark.parametrize(
    ("model", "preset", "why"),
    [
        ("detector", find_preset("db_resnet34"), "takes float32"),
        ("detector", find_preset("crnn_vgg16_bn"), "takes float32"),
        ("wrapper", PRESET, "takes float32"),
        ("nested", PRESET, "has 5"),
    ],
)
def test_contradictions_are_explained(saved, model, preset, why):
    found = plan(saved(model), Choices(preset=preset))
    assert found.verdict == "blocked"
    assert why in found.reason


def test_an_output_that_cannot_be_the_presets(saved, tmp_path):
    with pytest.raises(BlockedError, match="No output can be"):
        repair(saved("image"), tmp_path / "out", Choices(preset=find_preset_of_size_8()))


def find_preset_of_size_8():
    import dataclasses

    return dataclasses.replace(PRESET, height=8, width=8)
