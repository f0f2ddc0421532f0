"""Words as docTR cuts them out of pages: what a recogniser is taught to read.

The edges of a crop lie where the sample detector puts them. Measured on rendered pages, in parts of
the height of a word's box: a little to the right and below, and now and then far off.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache

import numpy as np
import torch
from doctr.datasets import VOCABS
from doctr.transforms import Resize
from doctr.utils import Sample
from numpy.typing import NDArray
from pages import Page, corners, font_of, page, paper_of
from paper import spoiled, turned
from words import listed, price, word

VOCAB: str = VOCABS["french"]
"""The characters that are read: docTR's own default."""

SIZE = 32, 128
WIDEST = 8
"""Width by height: what is wider docTR cuts into pieces."""

SHIFT, SPREAD = 0.06, 0.08
"""Mean and deviation of an edge's place, in heights of the box."""

Crop = tuple[torch.Tensor, str]


@cache
def _resize() -> Resize:
    return Resize(SIZE, preserve_aspect_ratio=True, symmetric_pad=False)


@cache
def _accented() -> list[str]:
    return [text for text in listed() if not text.isascii()]


@cache
def _absent(name: str) -> frozenset[str]:
    """Characters of the vocabulary that a font has no picture of."""
    font = font_of(name, 20)
    unknown = bytes(font.getmask("\uffff"))
    return frozenset(letter for letter in VOCAB if bytes(font.getmask(letter)) == unknown)


def rarely(chance: random.Random, name: str) -> str:
    """What few papers have and is read wrong most: accents on capitals, amounts, any string."""
    kind = chance.random()
    if kind < 0.3:
        letters = [letter for letter in VOCAB if letter not in _absent(name)]
        return "".join(chance.choice(letters) for _ in range(chance.randint(1, 10)))
    if kind < 0.55:
        return chance.choice(_accented()).upper()
    return price(chance) if kind < 0.7 else word(chance)


def apart(seed: int, size: tuple[int, int], names: list[str]) -> Page:
    """A page of single words in large letters, of capitals, of amounts, or of any characters."""
    chance = random.Random(seed)
    written = paper_of(chance, size)
    y = 0.0
    while y < size[1] * 0.95:
        name = chance.choice(names)
        font = font_of(name, chance.uniform(12, 40))
        texts = (rarely(chance, name) for _ in range(40))
        y += font.size * chance.uniform(1.3, 2)
        written.line(texts, 0.03 * size[0], 0.97 * size[0], y, font)
    return written


def cut(
    pixels: NDArray[np.uint8], quads: NDArray[np.float32], chance: random.Random
) -> Iterator[torch.Tensor | None]:
    """uint8[3, 32, 128] for each word (float32[n, 4, 2], pixels), None where none is.

    Straight boxes of whole pixels, enlarged by docTR: black beside what is narrow, below what is
    wide.
    """
    high, wide = pixels.shape[:2]
    for quad in quads:
        left, top = quad.min(axis=0)
        right, bottom = quad.max(axis=0)
        unit = bottom - top
        far = 2 if chance.random() < 0.06 else 1
        left, top, right, bottom = (
            edge + unit * chance.gauss(SHIFT, SPREAD * far) for edge in (left, top, right, bottom)
        )
        # docTR takes the pixel behind the last one as well.
        x0, x1 = (round(min(max(x, 0), wide)) + last for last, x in enumerate((left, right)))
        y0, y1 = (round(min(max(y, 0), high)) + last for last, y in enumerate((top, bottom)))
        if x1 - x0 < 3 or y1 - y0 < 5 or x1 - x0 > WIDEST * (y1 - y0):
            yield None
            continue
        piece = torch.from_numpy(np.ascontiguousarray(pixels[y0:y1, x0:x1])).permute(2, 0, 1)
        yield _resize()(Sample(image=piece)).image


def words(seed: int, names: list[str]) -> list[Crop]:
    """The words of a page, cut out and in any order."""
    chance = random.Random(seed)
    size = chance.randint(620, 1040), chance.randint(620, 1040)
    written = (apart if chance.random() < 0.3 else page)(seed, size, names)
    image, quads = written.image, corners(written.boxes)
    if chance.random() < 0.4:
        image, quads = turned(image, quads, chance.gauss(0, 1.5))
    pixels = np.array(spoiled(image, chance) if chance.random() < 0.8 else image)
    cuts = zip(cut(pixels, quads, chance), written.texts, strict=True)
    known = frozenset(VOCAB)
    found = [(crop, text) for crop, text in cuts if crop is not None and known.issuperset(text)]
    chance.shuffle(found)
    return found
