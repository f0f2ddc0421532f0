"""The table of presets: against docTR's own configuration, and what it refuses."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from sigfix.errors import UsageError
from sigfix.presets import PRESETS, Preset, find_preset


@pytest.mark.skipif(find_spec("doctr") is None, reason="needs doctr")
@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda p: p.name)
def test_equals_doctrs_own_configuration(preset: Preset) -> None:
    import torch

    from sigfix.importing.doctr import quiet
    from sigfix.vocabularies import vocabulary_characters

    with quiet():
        from doctr.models import classification, detection, recognition
    families = {"recognition": recognition, "detection": detection, "orientation": classification}
    own = {} if preset.classes else {"pretrained_backbone": False}
    computes = preset.name == "viptr_tiny"  # while it is built
    with quiet(), torch.device("cpu" if computes else "meta"):  # shapes and settings, no numbers
        module = getattr(families[preset.task], preset.name)(pretrained=False, **own)
    assert module.cfg["mean"] == preset.mean
    assert module.cfg["std"] == preset.std
    assert module.cfg["input_shape"] == (3, preset.height, preset.width)
    if preset.boxes is not None:
        reader = module.postprocessor
        assert preset.boxes.binarise_at == reader.bin_thresh
        assert preset.boxes.least_score == reader.box_thresh
        assert preset.boxes.unclip == reader.unclip_ratio
        assert reader._opening_kernel.shape == (preset.boxes.opening,) * 2
        assert reader._opening_kernel.all()
        return
    if preset.classes:
        assert module.cfg["classes"] == list(preset.classes)
        assert module.get_submodule(preset.head).out_features == len(preset.classes)
        return
    characters = vocabulary_characters(preset.vocabulary)
    assert module.cfg["vocab"] == characters
    head = module.get_submodule(preset.head)
    assert head.out_features == len(characters) + preset.extra_classes
    if preset.decoder == "attention":
        own_names = module.postprocessor._embedding[len(characters) :][: preset.extra_classes]
        assert tuple(own_names) == preset.extra_names


def test_a_detector_takes_any_multiple_of_32() -> None:
    preset = find_preset("linknet_resnet18", 96)
    assert preset.input_shape == (None, 96, 96, 3)
    assert preset.output_shape(0) == (None, 96, 96, 1)
    assert find_preset("linknet_resnet18", raw_logits=True).output == "logits"


@pytest.mark.parametrize(
    ("arguments", "words", "hint"),
    [
        (
            ("crnn_vgg16",),
            "no preset called 'crnn_vgg16'",
            "crnn_vgg16_bn, or another that `sigfix presets` lists",
        ),
        (("linknet_resnet18", 500), "multiples of 32", "--size 512"),
        (("linknet_resnet18", 0), "multiples of 32", "--size 32"),
        (
            ("crnn_vgg16_bn", 64),
            "--size 64: crnn_vgg16_bn reads words of 32 pixels in height",
            "--size 32x64",
        ),
        (("crnn_vgg16_bn", None, True), "--raw-logits is for detectors", "leave it out"),
    ],
)
def test_what_is_not_there_is_refused(arguments, words: str, hint: str | None) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        find_preset(*arguments)
    assert caught.value.hint == hint
