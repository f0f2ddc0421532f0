"""Documents of known words: pages of examples/training that no training has seen."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
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
ENGLISH_SEED, ENGLISH_SIZE = 600_000, (900, 1000)

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


def english_page() -> Document:
    """A page of English words alone, clean, in paragraphs: what every reader should manage."""
    _scripts()
    import pages
    import words

    chance = random.Random(ENGLISH_SEED)
    font = pages.ImageFont.truetype(next(n for n in pages.fonts() if "DejaVuSerif.ttf" in n), 20)
    width, height = ENGLISH_SIZE
    written = pages.Page(pages.Image.new("RGB", ENGLISH_SIZE, (250, 250, 248)), chance, (20,) * 3)
    texts = [t for t in words.listed() if t.isascii() and t.isalpha() and t.islower()]
    for line in range(int(height / 34) - 3):
        some = (chance.choice(texts) for _ in range(20))
        written.line(some, 60, width - 60, 90 + 34 * line, font)
    places = _parts(written.boxes, ENGLISH_SIZE)
    return Document(ENGLISH_SEED, written.image, list(zip(places, written.texts, strict=True)))


def _scripts() -> None:
    """Let modules of examples/training be imported."""
    folder = str(ROOT / "examples" / "training")
    if folder not in sys.path:
        sys.path.insert(0, folder)


def _parts(boxes: Sequence[Box], size: tuple[int, int]) -> list[Box]:
    width, height = size
    return [(x / width, y / height, r / width, b / height) for x, y, r, b in boxes]


def _document(seed: int) -> Document:
    _scripts()
    from sheets import sheet

    written, picture = sheet(seed, SIDES)
    places = _parts(written.boxes, written.image.size)
    return Document(seed, picture, list(zip(places, written.texts, strict=True)))
