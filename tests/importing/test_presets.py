"""Presets from docTR to a SavedModel, each stage compared with the one before by the pipeline."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sigfix.optimising.graph.operator_kinds import CONTROL_FLOW
from sigfix.pipeline.preset import PresetResult, build_preset
from sigfix.pipeline.preset_options import PresetOptions
from sigfix.presets import PRESETS
from tests.importing.single_node import require_packages

require_packages()
if find_spec("doctr") is None:
    pytest.skip("needs doctr", allow_module_level=True)

QUICK = ("linknet_resnet18", "crnn_mobilenet_v3_small")
CALLS = {"PartitionedCall", "StatefulPartitionedCall"}  # a SavedModel's own functions


def _options(name: str) -> PresetOptions:
    return PresetOptions("random", 3, size=96 if PRESETS[name].is_detector else None)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, PresetResult]]:
    """A function: the name of a preset -> where it is built, once, and the result."""
    made: dict[str, tuple[Path, PresetResult]] = {}

    def build(name: str) -> tuple[Path, PresetResult]:
        if name not in made:
            place = tmp_path_factory.mktemp(name) / "model"
            made[name] = place, build_preset(name, place, _options(name))
        return made[name]

    return build


@pytest.mark.parametrize(
    "name",
    [n if n in QUICK else pytest.param(n, marks=pytest.mark.matrix) for n in PRESETS],
)
def test_builds_the_same_model(name: str, built: Callable[..., Any]) -> None:
    import tensorflow as tf

    preset = _options(name).preset(name)
    place, result = built(name)
    assert [stage.verdict for stage in result.stages] == ["same", "same"]
    assert [len(stage.comparisons) for stage in result.stages] == [2, 4]
    batches = (1,) if preset.is_detector else (1, 4)
    assert [stage.batches for stage in result.stages] == [batches, batches]
    assert result.stages[1].through == "tf.saved_model.load and the v1 loader"
    assert all(c.parity.ok for stage in result.stages for c in stage.comparisons)
    function = tf.saved_model.load(str(place)).signatures["serving_default"]
    image = np.zeros((2, *preset.input_shape[1:]), np.float32)
    output = function(input=tf.constant(image))[preset.output]
    assert output.shape == (2, *preset.output_shape(len(result.card.vocabulary))[1:])
    library = function.graph.as_graph_def().library.function
    kinds = {node.op for inner in library for node in inner.node_def}
    assert "Conv2D" in kinds or "MatMul" in kinds
    assert not (kinds - CALLS) & CONTROL_FLOW


def test_a_detector_gives_the_sigmoid_of_its_raw_logits(
    built: Callable[..., Any], tmp_path: Path
) -> None:
    import tensorflow as tf

    name = "linknet_resnet18"
    image = np.random.default_rng(0).random((1, 96, 96, 3), dtype=np.float32)
    build_preset(name, tmp_path / "raw", replace(_options(name), raw_logits=True))
    outputs = {}
    for raw, place in ((False, built(name)[0]), (True, tmp_path / "raw")):
        card = json.loads((place / "assets.extra" / "sigfix.json").read_text("utf-8"))
        model = tf.saved_model.load(str(place))
        outputs[raw] = model.signatures["serving_default"](input=image)[card["output"]].numpy()
        assert card["boxes"] == {
            "binarise_at": 0.1, "unclip": 1.5, "least_score": 0.1, "opening": 3, "least_side": 0
        }  # fmt: skip
    np.testing.assert_allclose(outputs[False], 1 / (1 + np.exp(-outputs[True])), atol=1e-6)


def test_normalisation_can_be_a_part_of_the_model(
    built: Callable[..., Any], tmp_path: Path
) -> None:
    import tensorflow as tf

    preset = PRESETS["crnn_mobilenet_v3_small"]
    image = np.random.default_rng(0).random((2, *preset.input_shape[1:]), dtype=np.float32)
    build_preset(preset.name, tmp_path / "own", replace(_options(preset.name), normalize=True))
    outputs = {}
    for normalize, place in ((False, built(preset.name)[0]), (True, tmp_path / "own")):
        card = json.loads((place / "assets.extra" / "sigfix.json").read_text("utf-8"))
        model = tf.saved_model.load(str(place))
        fed = (image - np.float32(card["mean"])) / np.float32(card["std"])
        outputs[normalize] = model.signatures["serving_default"](input=fed)["logits"].numpy()
    assert card["mean"] == [0, 0, 0]
    assert card["std"] == [1, 1, 1]
    np.testing.assert_allclose(outputs[True], outputs[False], atol=1e-5 * np.ptp(outputs[False]))


def test_a_random_detector_tells_pixels_apart() -> None:
    """With its logits as they come, this one gives 0 or 1 for seven pixels of eight."""
    from sigfix.importing import doctr

    preset = PresetOptions("random", size=128).preset("db_resnet50")
    model = doctr.build_model(preset, "random")
    noise = np.random.default_rng(1).random((1, 3, 128, 128), np.float32)
    probabilities = 1 / (1 + np.exp(-doctr.run(model, noise)))
    assert ((probabilities > 0.001) & (probabilities < 0.999)).mean() > 0.9


@pytest.mark.slow
def test_a_detector_of_two_classes_has_a_map_for_each(tmp_path: Path) -> None:
    """Its weights as a trainer leaves them; compared with docTR's model by the pipeline."""
    import tensorflow as tf
    import torch
    from doctr.models.detection import linknet_resnet18

    torch.manual_seed(3)
    state = linknet_resnet18(
        pretrained=False, pretrained_backbone=False, class_names=["date", "total"]
    ).state_dict()
    torch.save({"epoch": 1, "model": state}, tmp_path / "w.pt")
    options = PresetOptions(str(tmp_path / "w.pt"), size=64)
    result = build_preset("linknet_resnet18", tmp_path / "model", options)
    assert result.stages and all(stage.ok for stage in result.stages)
    assert any("2 classes" in note for note in result.notes)
    function = tf.saved_model.load(str(tmp_path / "model")).signatures["serving_default"]
    assert function(input=tf.zeros((1, 64, 64, 3)))["probabilities"].shape == (1, 64, 64, 2)


@pytest.mark.slow
def test_a_recogniser_is_as_wide_as_its_positions(tmp_path: Path) -> None:
    import tensorflow as tf
    import torch
    from doctr.models.recognition import vitstr_small

    torch.manual_seed(3)
    options = {"input_shape": (3, 32, 64), "vocab": "0123456789"}
    state = vitstr_small(pretrained=False, pretrained_backbone=False, **options).state_dict()
    torch.save(state, tmp_path / "w.pt")
    wanted = PresetOptions(str(tmp_path / "w.pt"), vocabulary="digits")
    result = build_preset("vitstr_small", tmp_path / "model", wanted)
    assert result.stages and all(stage.ok for stage in result.stages)
    function = tf.saved_model.load(str(tmp_path / "model")).signatures["serving_default"]
    assert function(input=tf.zeros((2, 32, 64, 3)))["logits"].shape == (2, 33, 11)
