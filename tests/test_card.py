"""A card lies in a model, and anybody may have written it: what is wrong in it is never used."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from sigfix.card import (
    CARD_FILE,
    Card,
    card_from,
    fitting,
    known_preset,
    make_card,
    read_card,
    write_card,
)
from sigfix.card_form import why_ignored
from sigfix.describing.model_card import card_facts
from sigfix.pipeline.inspect import inspect
from sigfix.presets import PRESETS
from sigfix.rendering.inspection_json import render_json
from sigfix.rendering.inspection_text import render_text
from sigfix.rendering.style import Style
from tests.models import healthy

RIGHT = {name: make_card(PRESETS[name], "abc", "random").as_json() for name in PRESETS}
RECOGNISER: dict[str, Any] = json.loads(json.dumps(RIGHT["crnn_vgg16_bn"]))
DETECTOR: dict[str, Any] = json.loads(json.dumps(RIGHT["linknet_resnet18"]))
KEYS = tuple(RECOGNISER)
OPTIONAL = ("version", "boxes", "classes", "class_names", "images")  # of a recogniser's card
NULLABLE = (*OPTIONAL, "padding", "extra_classes", "confidence")  # of some task's card
SINCE_2 = ("padding", "extra_classes", "confidence", "class_names", "images")
OLD = {key: value for key, value in RECOGNISER.items() if key not in SINCE_2} | {"version": 1}

ANY = (True, -1, 10**400, 1e308, "", "\x1b[2J", "a\nb", "\udcff", [], {}, ["x"], {"x": [1]}, [[[]]])
"""Values that no key may have, whatever it is for (but for those in `MAY`)."""
MAY = {
    ("vocabulary", ""), ("classes", "[]"), ("extra_classes", "[]"), ("extra_classes", '["x"]'),
    ("class_names", "[]"), ("class_names", '["x"]'),
}  # fmt: skip
WRONG = [
    *((key, value) for key in KEYS for value in ANY if (key, json.dumps(value)) not in MAY
      and (key, value if isinstance(value, str) else None) not in MAY),
    *((key, None) for key in KEYS if key not in NULLABLE),
    *(("mean", value) for value in ([1, 2], [1, 2, 3, 4], [1, 2, "3"], [1, 2, None], "abc", 0.5)),
    *(("std", value) for value in ([1, 1, 0], [1, 1, -1], [1, 1, 1e-30], [True] * 3, "abc")),
    *(("version", value) for value in (0, 3, 1.5, "2", None)),
    *(("padding", value) for value in ("both", 1)),
    *(("confidence", value) for value in ("median", 1)),
    *(("images", value) for value in ("words", 1)),
    *(("extra_classes", value) for value in ("<eos>", [1], [""], [None])),
    *(("classes", value) for value in ([0.5], ["0"], [10**9], list(range(20_000)))),
    *(("task", value) for value in ("segmentation", "Detection", 1)),
    *(("layout", value) for value in ("NHWC", "hwc")),
    *(("decoder", value) for value in ("beam", 0)),
    *(("preset", value) for value in (["x"], {"crnn_vgg16_bn": 1}, "x" * 5000)),
    ("vocabulary", "x" * 1_000_000),
    ("boxes", {"binarise_at": 0.3}),
    ("boxes", {"binarise_at": 0.3, "unclip": 1, "least_score": 0}),
    ("boxes", {"binarise_at": "0.3", "unclip": 1, "least_score": 0}),
]  # fmt: skip


def _write(model: Path, text: str) -> Path:
    (model / CARD_FILE).parent.mkdir(parents=True, exist_ok=True)
    (model / CARD_FILE).write_text(text, "utf-8")
    return model


@pytest.mark.parametrize("name", PRESETS)
def test_what_sigfix_writes_it_reads(tmp_path: Path, name: str) -> None:
    card = make_card(PRESETS[name], "ab\u0301\u0928\u094d\u200dc \u00a0", "my weights.pt")
    write_card(card, tmp_path)
    assert read_card(tmp_path) == card
    assert card_from(card.as_json()) == card
    preset = known_preset(card)
    assert preset is not None
    assert preset.name == name


@pytest.mark.parametrize("weights", ["a\x1b[2Jb.pt", os.fsdecode(b"nu\xff.pt"), "", "x" * 5000])
def test_weights_of_any_name_give_a_card_that_is_read(tmp_path: Path, weights: str) -> None:
    write_card(make_card(PRESETS["crnn_vgg16_bn"], "abc", weights), tmp_path)
    assert read_card(tmp_path) is not None


@pytest.mark.parametrize("key", KEYS)
def test_a_card_without_a_value(tmp_path: Path, key: str) -> None:
    values = {name: value for name, value in RECOGNISER.items() if name != key}
    _write(tmp_path, json.dumps(values))
    if key in OPTIONAL:
        assert read_card(tmp_path) is not None
    else:
        assert read_card(tmp_path) is None
        assert why_ignored(values) == f"it has no {key}"


@pytest.mark.parametrize("right", [RECOGNISER, DETECTOR], ids=["recogniser", "detector"])
@pytest.mark.parametrize(("key", "value"), WRONG, ids=lambda value: repr(value)[:30])
def test_a_wrong_value_is_named_and_nothing_of_the_card_used(
    tmp_path: Path, right: dict[str, Any], key: str, value: Any
) -> None:
    values = {**right, key: value}
    model = _write(healthy().write(tmp_path / "model"), json.dumps(values))
    assert read_card(model) is None
    assert why_ignored(values).startswith(f"its {key} is ")
    assert len(why_ignored(values)) < 200
    assert card_from(values) is None
    report = inspect(model)
    shown = render_text(report, Style(1000))
    if (model / CARD_FILE).stat().st_size < 1 << 19:
        assert f"ignored: its {key} is" in shown
    assert "\x1b" not in shown
    json.loads("".join(render_json([report])), parse_constant=pytest.fail)


@pytest.mark.parametrize(
    "text", ["", "{", "null", "3", "[]", '"text"', "[" * 100_000, '{"mean": NaN}', "9" * 5000, "\0"]
)
def test_what_is_no_card_is_none(tmp_path: Path, text: str) -> None:
    model = _write(healthy().write(tmp_path / "model"), text)
    assert read_card(model) is None
    render_text(inspect(model), Style(80))


def test_an_older_card_is_read() -> None:
    assert why_ignored(OLD) == ""
    card = card_from(OLD)
    assert card is not None
    assert (card.version, card.padding, card.extra_classes) == (1, None, None)
    assert why_ignored({key: value for key, value in OLD.items() if key != "version"}) == ""
    assert why_ignored({**OLD, "version": 2}) == "it has no padding"


def test_a_newer_version_is_said() -> None:
    assert "of a newer sigfix" in why_ignored({**RECOGNISER, "version": 3})


@pytest.mark.parametrize(
    ("preset", "key"),
    [
        ("crnn_vgg16_bn", "extra_classes"), ("crnn_vgg16_bn", "confidence"),
        ("linknet_resnet18", "boxes"), ("linknet_resnet18", "padding"),
        ("mobilenet_v3_small_crop_orientation", "classes"),
    ],
)  # fmt: skip
def test_what_a_task_needs(preset: str, key: str) -> None:
    without = {name: value for name, value in RIGHT[preset].items() if name != key}
    for values in ({**without, key: None}, without):
        assert why_ignored(values) == f"it has no {key}"


def test_what_a_later_version_adds_is_no_fault() -> None:
    values = {**RECOGNISER, "owner": {"any": ["thing"]}}
    assert why_ignored(values) == ""
    assert card_from(values) == card_from(RECOGNISER)
    assert "also: owner" in card_facts(values)


IMAGE, LOGITS = (None, 32, 128, 3), (None, 32, 4)


@pytest.mark.parametrize(
    ("inputs", "outputs", "fits"),
    [
        ({"input": IMAGE}, {"logits": LOGITS}, True),
        ({"input": IMAGE, "more": None}, {"logits": LOGITS, "more": ()}, True),
        ({"image": IMAGE}, {"logits": LOGITS}, False),
        ({"input": IMAGE}, {"output": LOGITS}, False),
        ({"input": None}, {"logits": LOGITS}, False),
        ({"input": (None, 3)}, {"logits": LOGITS}, False),
        ({"input": (None, None, 128, 3)}, {"logits": LOGITS}, False),
        ({"input": (1, 0, 128, 3)}, {"logits": LOGITS}, False),
        ({"input": IMAGE}, {"logits": (None, 4)}, False),
        ({"input": IMAGE}, {"logits": None}, False),
    ],
)
def test_a_card_of_another_model_does_not_fit(inputs: Any, outputs: Any, fits: bool) -> None:
    card = card_from(RECOGNISER)
    assert isinstance(card, Card)
    assert fitting(card, inputs, outputs) == (card if fits else None)
    assert fitting(None, inputs, outputs) is None


def test_a_preset_is_what_the_card_says_of_it() -> None:
    assert known_preset(None) is None
    assert known_preset(card_from({**RECOGNISER, "preset": "my own"})) is None
    assert known_preset(card_from({**RECOGNISER, "preset": "linknet_resnet18"})) is None
    named = known_preset(card_from({**RECOGNISER, "output": "scores"}))
    assert named is not None
    assert named.output == "scores"
