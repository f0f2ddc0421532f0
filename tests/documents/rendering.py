"""Documents of known words: pages of examples/training that no training has seen."""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from itertools import count, islice
from typing import TYPE_CHECKING

from tests.environments import ROOT

if TYPE_CHECKING:
    from PIL import Image

FIRST_SEED = 500_000
"""The detector is trained on pages from a million on, and tried on those from 0 on."""
WORDS = 60, 120
"""The least and the most on a document: in software, WebGL takes seconds for ten words."""
SIDES = 700, 1040
"""The least and the largest side in pixels."""

Box = tuple[float, float, float, float]
Words = list[tuple[Box, str]]
"""Left, top, right and bottom in parts of the page, and the text."""


@dataclass(frozen=True)
class Document:
    """A picture, and what stands on it."""

    seed: int
    image: Image.Image
    words: Words


def documents(number: int) -> list[Document]:
    """The first so many of that size: paragraphs, columns, tables, forms, receipts."""
    least, most = WORDS
    made = map(_document, count(FIRST_SEED))
    return list(islice((each for each in made if least <= len(each.words) <= most), number))


def _document(seed: int) -> Document:
    folder = str(ROOT / "examples" / "training")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    from pages import fonts, page
    from paper import spoiled

    chance = random.Random(seed)
    size = chance.randint(*SIDES), chance.randint(*SIDES)
    written = page(seed, size, fonts())
    places = [(x / size[0], y / size[1], r / size[0], b / size[1]) for x, y, r, b in written.boxes]
    return Document(
        seed, spoiled(written.image, chance), list(zip(places, written.texts, strict=True))
    )
