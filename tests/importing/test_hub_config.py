"""docTR's `config.json` beside weights: what it says is taken, where it can be so."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sigfix.cli.main import main
from sigfix.errors import OtherPresetError, UsageError
from sigfix.importing.hub_config import read_config
from sigfix.pipeline.hub_folder import settled
from sigfix.pipeline.preset_options import PresetOptions
from sigfix.pipeline.source import find_source
from sigfix.presets import PRESETS, find_preset

CRNN = {
    "mean": [0.694, 0.695, 0.693],
    "std": [0.299, 0.296, 0.301],
    "input_shape": [3, 32, 256],
    "vocab": "0123456789",
    "url": None,
    "arch": "crnn_mobilenet_v3_small",
    "task": "recognition",
}
DETECTOR = {
    "input_shape": [3, 512, 768],
    "mean": [0.5, 0.5, 0.5],
    "std": [0.25, 0.25, 0.25],
    "class_names": ["date", "total"],
    "arch": "fast_tiny",
    "task": "detection",
}


def _folder(path: Path, config: Any, weights: tuple[str, ...] = ("pytorch_model.bin",)) -> Path:
    path.mkdir()
    (path / "config.json").write_text(json.dumps(config), "utf-8")
    for name in weights:
        (path / name).write_bytes(b"weights")
    return path


def test_a_recogniser(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "hub", CRNN)
    for weights in (folder, folder / "pytorch_model.bin"):
        options, notes = settled(CRNN["arch"], PresetOptions(str(weights)))
        assert options.weights == str(folder / "pytorch_model.bin")
        preset = options.preset(CRNN["arch"])
        assert preset.input_shape == (None, 32, 256, 3)
        assert preset.output_shape(10) == (None, 64, 11)
        assert (preset.mean, preset.std) == (PRESETS[preset.name].mean, PRESETS[preset.name].std)
        (note,) = notes
        assert "10 characters, images of 32 x 256" in note
        assert "mean" not in note  # it is what the preset has


def test_a_detector(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "hub", DETECTOR, ("best.pt",))
    options, (note,) = settled("fast_tiny", PresetOptions(str(folder)))
    preset = options.preset("fast_tiny")
    assert preset.output_shape(0) == (None, 512, 768, 2)
    assert (preset.mean, preset.std) == ((0.5,) * 3, (0.25,) * 3)
    assert preset.class_names == ("date", "total")
    for said in ("mean 0.5/0.5/0.5", "std 0.25/0.25/0.25", "classes date, total", "512 x 768"):
        assert said in note


def test_what_the_user_says_comes_first(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "hub", CRNN)
    given = PresetOptions(str(folder), vocabulary="chars:abc", size=(32, 128))
    options, _ = settled(CRNN["arch"], given)
    assert (options.vocabulary, options.size) == ("chars:abc", (32, 128))


@pytest.mark.parametrize(
    "config", [{}, [], "text", {"arch": "bert"}, {**CRNN, "task": "translation"}]
)
def test_another_config_is_none_of_doctrs(config: Any, tmp_path: Path) -> None:
    folder = _folder(tmp_path / "hub", config)
    assert read_config(folder) is None
    given = PresetOptions(str(folder / "pytorch_model.bin"))
    assert settled("crnn_vgg16_bn", given) == (given, ())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"arch": "vip_large"}, "docTR's vip_large, which is none of the presets"),
        ({"arch": ["x"]}, "none of the presets"),
        ({"mean": [1, 2]}, "mean is not what docTR writes"),
        ({"std": [0.1, 0.1, 0]}, "std is not what docTR writes"),
        ({"mean": ["a", "b", "c"]}, "mean is not"),
        ({"input_shape": [3, 32.5, 128]}, "input_shape is not"),
        ({"vocab": ["a"]}, "vocab is not"),
        ({"vocab": "abca"}, "each character once"),
        ({"class_names": "words"}, "class_names is not"),
    ],
)
def test_values_that_cannot_be(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    folder = _folder(tmp_path / "hub", {**CRNN, **change})
    with pytest.raises(UsageError, match=said) as caught:
        settled(CRNN["arch"], PresetOptions(str(folder)))
    assert caught.value.hint


def test_the_weights_of_another_preset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = _folder(tmp_path / "hub", CRNN)
    with pytest.raises(OtherPresetError, match="those of crnn_mobilenet_v3_small, not of master"):
        settled("master", PresetOptions(str(folder)))
    command = ["repair", "--preset", "master", "--weights", str(folder), "--dry-run"]
    with pytest.raises(SystemExit):
        main(command)
    said = capsys.readouterr().err.partition("try: ")[2].splitlines()[0]
    assert shlex.split(said) == [
        "sigfix", *command[:2], "crnn_mobilenet_v3_small", *command[3:]
    ]  # fmt: skip


def test_a_folder_without_weights_or_with_several(tmp_path: Path) -> None:
    for number, files in enumerate([(), ("a.pt", "b.pt")]):
        folder = _folder(tmp_path / str(number), CRNN, files)
        with pytest.raises(UsageError, match="no file of weights, or several"):
            settled(CRNN["arch"], PresetOptions(str(folder)))


def test_a_folder_in_the_place_of_a_model_comes_with_its_command(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "a hub", CRNN)
    for given in (folder, folder / "config.json"):
        with pytest.raises(UsageError, match="weights of docTR's") as caught:
            find_source(str(given), tmp_path)
        words = shlex.split(caught.value.hint or "")
        assert words == ["sigfix", "convert", CRNN["arch"], "--weights", str(folder)]


def test_a_presets_name_in_other_letters_or_without_its_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for typed, way in (
        (["convert", "CRNN_VGG16_BN"], "sigfix convert crnn_vgg16_bn"),
        (["repair", "crnn_vgg16_bn"], "sigfix repair --preset crnn_vgg16_bn"),
    ):
        with pytest.raises(SystemExit):
            main(typed)
        assert f"try: {way}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "size", "expected", "steps"),
    [
        ("crnn_vgg16_bn", (32, 256), (32, 256), 64),
        ("viptr_tiny", (32, 64), (32, 64), 16),
        ("vitstr_small", (32, 256), (32, 256), 33),
        ("fast_tiny", 512, (512, 512), 0),
        ("db_resnet50", (512, 1024), (512, 1024), 0),
    ],
)
def test_sizes(name: str, size: Any, expected: tuple[int, int], steps: int) -> None:
    preset = find_preset(name, size)
    assert ((preset.height, preset.width), preset.steps) == (expected, steps)


@pytest.mark.parametrize(
    ("name", "size", "hint"),
    [
        ("crnn_vgg16_bn", 256, "--size 32x256"),
        ("crnn_vgg16_bn", (64, 256), "--size 32x256"),
        ("vitstr_small", (32, 250), "--size 32x248"),
        ("fast_tiny", 250, "--size 256"),
        ("fast_tiny", (250, 500), "--size 256x512"),
        ("fast_tiny", 0, "--size 32"),
        ("mobilenet_v3_small_page_orientation", 256, "leave it out"),
    ],
)
def test_sizes_that_a_preset_cannot_have(name: str, size: Any, hint: str) -> None:
    with pytest.raises(UsageError, match="--size") as caught:
        find_preset(name, size)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("name", "classes", "weights", "said"),
    [
        ("parseq", ("a", "b"), "random", "detects nothing"),
        ("fast_tiny", ("a", "a"), "random", "is there twice"),
        ("fast_tiny", ("a", ""), "random", "is there twice, or empty"),
        ("fast_tiny", ("a", "b"), "pretrained", "tell one class"),
    ],
)
def test_classes_that_cannot_be(
    name: str, classes: tuple[str, ...], weights: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        PresetOptions(weights, classes=classes).preset(name)


def test_classes_are_sorted_as_doctr_sorts_them() -> None:
    preset = PresetOptions("random", classes=("total", "date")).preset("fast_tiny")
    assert (preset.class_names, preset.maps) == (("date", "total"), 2)
    assert replace(preset, class_names=(), maps=1) == PRESETS["fast_tiny"]
