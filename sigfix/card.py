"""The card that a preset's models carry: what they are, and how their output is read.

It lies in `assets.extra/sigfix.json` of a SavedModel and under `userDefinedMetadata.sigfix` of a
TensorFlow.js `model.json`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sigfix.errors import UnreadableModelError
from sigfix.presets import Preset
from sigfix.reading.cards import LARGEST_CARD
from sigfix.reading.files import read_bytes

CARD_FILE = Path("assets.extra") / "sigfix.json"
CARD_VERSION = 1


@dataclass(frozen=True)
class Card:
    """Preset, tensor names, layout, normalisation, vocabulary and decoder of a docTR model.

    `boxes` are the thresholds of a detector (see `presets.Boxes`), `classes` what the logits of a
    classifier stand for, in degrees; None for the others.
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
        weights=weights,
        boxes=None if preset.boxes is None else asdict(preset.boxes),
        classes=preset.classes or None,
    )


def write_card(card: Card, model: Path) -> None:
    """Write the card into a SavedModel directory."""
    path = model / CARD_FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(card.as_json(), ensure_ascii=False, indent=1) + "\n", "utf-8")


def read_card(model: Path) -> Card | None:
    """The card of a SavedModel directory; None where it has none, or one it cannot understand."""
    try:
        values = json.loads(read_bytes(model / CARD_FILE, LARGEST_CARD))
        values["mean"], values["std"] = tuple(values["mean"]), tuple(values["std"])
        return Card(**values)
    except (UnreadableModelError, RecursionError, ValueError, TypeError, KeyError):
        return None
