"""A model's card, judged by sigfix, by sigfix-ocr and by the JSON schema: all three agree."""

from __future__ import annotations

import json
from typing import Any

import jsonschema

from sigfix.card_form import CARD_VERSION, why_ignored
from tests.ocr.javascript import OCR, call
from tests.test_card import RIGHT, WRONG

SCHEMA = json.loads((OCR / "card.schema.json").read_text("utf-8"))


def cards() -> list[tuple[Any, bool]]:
    """Cards and whether they are right: all of sigfix's own, and each with one wrong value."""
    right = [json.loads(json.dumps(card)) for card in RIGHT.values()]
    found = [(card, True) for card in right]
    for card in (right[0], next(card for card in right if card["boxes"]), right[-1]):
        found += [({**card, key: value}, False) for key, value in WRONG]
        needed = {"recognition": {"extra_classes", "confidence"}, "detection": {"boxes"},
                  "orientation": {"classes"}}[card["task"]]  # fmt: skip
        optional = {"boxes", "classes", "extra_classes", "confidence", "class_names", "images"}
        optional -= needed
        for key in card:
            without = {name: value for name, value in card.items() if name != key}
            found.append((without, key in optional))
    found.append(({**right[0], "owner": {"any": ["thing"]}}, True))
    return found


def test_all_three_agree() -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    writable = [(card, right) for card, right in cards() if is_json(card)]
    assert len(writable) > 300
    answers = call([("card.js", "whyUnusable", [card]) for card, _ in writable])
    for (card, right), answer in zip(writable, answers, strict=True):
        shown = json.dumps(card)[-300:]
        assert (answer == "") is right, (answer, shown)
        assert validator.is_valid(card) is right, shown
        older = card.get("version", 1) == 1  # which sigfix itself reads
        assert (why_ignored(card) == "") is right or older, shown


def is_json(card: Any) -> bool:
    """Whether JavaScript reads the same value: it has no numbers past all limits."""
    text = json.dumps(card)
    return len(text) < 200_000 and "\\ud" not in text and "0" * 300 not in text


def test_versions_are_the_same() -> None:
    text = (OCR / "card.js").read_text("utf-8")
    assert f"export const CARD_VERSION = {CARD_VERSION};" in text
    assert SCHEMA["properties"]["version"] == {"const": CARD_VERSION}


def test_a_newer_version_is_said() -> None:
    card = {**RIGHT["crnn_vgg16_bn"], "version": CARD_VERSION + 1}
    (answer,) = call([("card.js", "whyUnusable", [card])])
    assert answer == f"its version is {CARD_VERSION + 1}, and this sigfix-ocr reads {CARD_VERSION}"
