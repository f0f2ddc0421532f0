"""A page of a seed as a scanner gives it: its size, its words and its faults are the seed's."""

from __future__ import annotations

import random

from pages import Page, fonts, page
from paper import spoiled
from PIL import Image


def sheet(seed: int, sides: tuple[int, int]) -> tuple[Page, Image.Image]:
    """The page with its words, and its picture after paper and scanner had their way.

    `sides` are the least and the largest width and height in pixels.
    """
    chance = random.Random(seed)
    size = chance.randint(*sides), chance.randint(*sides)
    written = page(seed, size, fonts())
    return written, spoiled(written.image, chance)
