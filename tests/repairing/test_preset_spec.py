"""`--preset NAME MODEL`: what the preset says about an existing model, or why it cannot."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sigfix.errors import BlockedError
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.repair import plan, repair
from sigfix.planning import Choices
from sigfix.planning.parsing import parse_normalize
from sigfix.presets import find_preset
from sigfix.reading import read
from tests.loaders import run_both

PRESET = find_preset("db_resnet34", 64)
UNCOMPARED = RepairOptions(verify=False)


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


def _card(path):
    return json.loads((path / "assets.extra" / "sigfix.json").read_text("utf-8"))


def test_what_onnx_tf_made_of_a_detector(saved, tmp_path):
    """Its output has no recorded shape: the preset tells which, the comparison checks it."""
    source = saved("detector_of_onnx_tf")
    (recorded,) = read(source).meta_graphs[0].signature("serving_default").outputs
    assert recorded.spec.shape is None
    result = repair(source, tmp_path / "out", Choices(preset=PRESET))
    assert result.parity[0].verdict == "same"
    image = np.random.default_rng(2).normal(size=(1, 64, 64, 3)).astype("f")
    got = run_both(tmp_path / "out", {"input": image})["probabilities"]
    expected = 1 / (1 + np.exp(-(image @ _kernel(source))))
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)
    card = _card(tmp_path / "out")
    assert (card["preset"], card["output"], card["layout"]) == (
        "db_resnet34", "probabilities", "nhwc",
    )  # fmt: skip
    assert card["boxes"]["binarise_at"] == 0.3
    again = plan(tmp_path / "out", Choices(preset=PRESET))
    assert again.verdict == "healthy"


def test_a_recogniser_gets_its_card(saved, tmp_path):
    """Channels first, as onnx-tf leaves them; the vocabulary fits the head."""
    vocabulary = "".join(map(chr, range(0x4E00, 0x4E00 + 126)))
    choices = Choices(preset=find_preset("crnn_vgg16_bn"), vocabulary=vocabulary)
    out = repair(saved("recogniser"), tmp_path / "out", choices, UNCOMPARED).output
    assert _card(out)["vocabulary"] == vocabulary
    image = np.random.default_rng(2).normal(size=(2, 32, 128, 3)).astype("f")
    got = run_both(out, {"input": image})["logits"]
    before = run_both(saved("recogniser"), {"input": image.transpose(0, 3, 1, 2)})["logits"]
    np.testing.assert_array_equal(got, before)


def letters(count: int) -> str:
    """An alphabet of so many letters, each once."""
    return "".join(chr(0x4E00 + index) for index in range(count))


def test_a_vocabulary_that_does_not_fit_the_head(saved, tmp_path):
    source = saved("recogniser_channels_last")
    preset = find_preset("crnn_vgg16_bn")
    found = plan(source, Choices(preset=preset, vocabulary=letters(126)))
    assert found.verdict == "blocked"
    assert "100 classes" in found.reason and "has 127" in found.reason
    assert "99 characters" in found.hint
    choices = Choices(preset=preset, vocabulary=letters(99))
    out = repair(source, tmp_path / "out", choices, UNCOMPARED)
    assert [type(edit).__name__ for edit in out.plan.edits] == ["WriteCard"]
    assert _card(out.output)["vocabulary"] == letters(99)


def test_baked_in_normalisation_is_told_to_readers(saved, tmp_path):
    normalize = parse_normalize("0.798/0.785/0.772,0.264/0.2749/0.287")
    choices = Choices(preset=PRESET, normalize=normalize)
    out = repair(saved("detector"), tmp_path / "out", choices, UNCOMPARED).output
    assert (_card(out)["mean"], _card(out)["std"]) == ([0, 0, 0], [1, 1, 1])


def test_an_output_that_cannot_be_the_presets(saved, tmp_path):
    with pytest.raises(BlockedError, match="No output can be"):
        repair(saved("image"), tmp_path / "out", Choices(preset=find_preset_of_size_8()))


def find_preset_of_size_8():
    import dataclasses

    return dataclasses.replace(PRESET, height=8, width=8)
