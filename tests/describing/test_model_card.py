"""The card of a model that sigfix made, as words."""

from __future__ import annotations

from typing import Any

import pytest

from sigfix.card import make_card
from sigfix.describing.model_card import card_facts
from sigfix.presets import PRESETS


def test_a_recogniser_says_what_its_user_needs() -> None:
    text = "\n".join(
        card_facts(make_card(PRESETS["crnn_vgg16_bn"], "abc" * 40, "random").as_json())
    )
    for words in (
        "docTR preset crnn_vgg16_bn, recognition, weights random",
        "reads input: nhwc, pixels in 0..1, then (x - mean) / std, mean 0.694 0.695 0.693",
        "gives logits: decoder ctc",
        "vocabulary of 120 characters: abcabc",
    ):
        assert words in text
    assert "also" not in text


def test_a_detector_says_its_thresholds() -> None:
    text = "\n".join(card_facts(make_card(PRESETS["linknet_resnet18"], "", "random").as_json()))
    assert "gives probabilities: decoder boxes, binarise at 0.1, unclip 1.5" in text
    assert "vocabulary" not in text


@pytest.mark.parametrize(
    ("card", "lines"),
    [
        ({}, []),
        ({"preset": ["odd"], "boxes": 3, "mean": 1, "std": 2, "vocabulary": 5}, 3),
        ({"owner": "somebody", "licence": None}, ["also: owner", "ignored: it has no preset"]),
    ],
)
def test_a_card_that_somebody_else_wrote(card: dict[str, Any], lines: Any) -> None:
    found = card_facts(card)
    assert found == lines if isinstance(lines, list) else len(found) == lines
