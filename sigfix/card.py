"""The card that a preset's models carry: what they are, and how their output is read.

It lies in `assets.extra/sigfix.json` of a SavedModel and under `userDefinedMetadata.sigfix` of a
TensorFlow.js `model.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from sigfix.card_form import CARD_VERSION, is_clean, why_ignored
from sigfix.errors import UnreadableModelError
from sigfix.model import Shape
from sigfix.presets import PRESETS, RECOGNITION, Boxes, Preset
from sigfix.reading.cards import LARGEST_CARD
from sigfix.reading.files import read_bytes

CARD_FILE = Path("assets.extra") / "sigfix.json"
_LONGEST = 255
"""Of the name of what the weights came from, as of any file's."""


@dataclass(frozen=True)
class Card:
    """Preset, tensor names, layout, normalisation, vocabulary and decoder of a docTR model.

    `boxes` are the thresholds of a detector (see `presets.Boxes`), `classes` what the logits of a
    classifier stand for, in degrees; `extra_classes` the names of a recogniser's classes behind its
    vocabulary and `confidence` how its steps are put together; `class_names` those of a detector's
    maps; `images` whether a classifier is of "crops" or "pages"; None for the others. `padding` is
    that of `presets.Preset`. Cards of version 1 had no `padding`, `extra_classes` and `confidence`,
    and some of version 2 have no `images`.
    """

    preset: str
    task: str
    input: str
    output: str
    layout: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    vocabulary: str
    decoder: str
    weights: str
    version: int = CARD_VERSION
    boxes: dict[str, float] | None = None
    classes: tuple[int, ...] | None = None
    padding: str | None = None
    extra_classes: tuple[str, ...] | None = None
    confidence: str | None = None
    class_names: tuple[str, ...] | None = None
    images: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return asdict(self)


def make_card(preset: Preset, vocabulary: str, weights: str, normalized: bool = False) -> Card:
    """The card of a freshly built preset.

    A model that is `normalized` inside takes values as they are: mean 0 and deviation 1.
    """
    return Card(
        preset=preset.name,
        task=preset.task,
        input="input",
        output=preset.output,
        layout="nhwc",
        mean=(0.0,) * 3 if normalized else preset.mean,
        std=(1.0,) * 3 if normalized else preset.std,
        vocabulary=vocabulary,
        decoder=preset.decoder,
        weights=_clean(weights),
        boxes=None if preset.boxes is None else asdict(preset.boxes),
        classes=preset.classes or None,
        padding=preset.padding,
        extra_classes=preset.extra_names or None,
        confidence=preset.confidence or None,
        class_names=preset.class_names or None,
        images=("pages" if preset.of_pages else "crops") if preset.classes else None,
    )


def write_card(card: Card, model: Path) -> None:
    """Write the card into a SavedModel directory."""
    path = model / CARD_FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(card.as_json(), ensure_ascii=False, indent=1) + "\n", "utf-8")


def read_card(model: Path) -> Card | None:
    """The card of a SavedModel directory; None where it has none, or one that is ignored.

    `card_form.why_ignored` says why; `inspect` shows it.
    """
    try:
        values = json.loads(read_bytes(model / CARD_FILE, LARGEST_CARD))
    except (UnreadableModelError, RecursionError, ValueError):
        return None
    return card_from(values)


def card_from(values: Any) -> Card | None:
    """The card that JSON values are; None for those that are ignored."""
    if not isinstance(values, dict) or why_ignored(values):
        return None
    known = {field.name: values[field.name] for field in fields(Card) if field.name in values}
    for name in ("mean", "std"):
        known[name] = tuple(map(float, known[name]))
    if known.get("boxes") is not None:
        thresholds = {field.name for field in fields(Boxes)}
        known["boxes"] = {k: float(v) for k, v in known["boxes"].items() if k in thresholds}
    for name in ("classes", "extra_classes", "class_names"):
        if known.get(name) is not None:
            known[name] = tuple(known[name])
    return Card(**{"version": 1, **known})


def fitting(
    card: Card | None, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]
) -> Card | None:
    """The card where it fits the model that it lies in; else None.

    It names an input of images of one size, and an output; a recogniser's is [batch, steps,
    classes].
    """
    if card is None or card.input not in inputs or card.output not in outputs:
        return None
    image, output = inputs[card.input], outputs[card.output]
    if image is None or len(image) != 4:
        return None
    sides = image[1:3] if card.layout == "nhwc" else image[2:4]
    if not all(sides) or (card.task == RECOGNITION and (output is None or len(output) != 3)):
        return None
    return card


def known_preset(card: Card | None) -> Preset | None:
    """The preset that a card names, with the card's own output; None where sigfix has no such."""
    preset = None if card is None else PRESETS.get(card.preset)
    if card is None or preset is None or preset.task != card.task:
        return None
    return replace(preset, output=card.output)


def _clean(text: str) -> str:
    """A file's name as a card may have it."""
    return (
        "".join(character if is_clean(character) else "?" for character in text)[:_LONGEST] or "?"
    )
