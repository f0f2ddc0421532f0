"""Rendered pages of made-up words: what a detector and a whole pipeline are tried on."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sigfix.errors import UsageError
from sigfix.verifying.inputs.pillow import pillow

if TYPE_CHECKING:
    from PIL import Image

WIDTH, HEIGHT = 900, 1000
MARGIN = 60
PAGES = 3
"""How many a detector's loss is measured on."""
LONGEST = 9
_SIZES = ((30, 1), (20, 9), (24, 6), (18, 8))
"""Heights of letters in pixels and numbers of lines, paragraph by paragraph."""


def rendered_page(vocabulary: str, seed: int = 0) -> Image.Image:
    """A page of paragraphs in the font that comes with Pillow, dark on light, seeded.

    Only letters and digits that `vocabulary` has are written. Raises `UsageError` where it has
    none of them, `MissingExtraError` without Pillow.
    """
    known = [c for c in string.ascii_lowercase + string.digits if c in vocabulary]
    known = known or [c for c in string.ascii_uppercase if c in vocabulary]
    if not known:
        raise UsageError(
            "A page is rendered to try the models on, and this recogniser reads none of the "
            "letters and digits of the built-in font.",
            "--no-verify leaves the trial out",
        )
    image, draw, font_of = pillow("a rendered page")
    choose = random.Random(seed)
    paper, ink = choose.randint(225, 255), choose.randint(0, 60)
    picture: Image.Image = image.new("RGB", (WIDTH, HEIGHT), (paper,) * 3)
    pen = draw.Draw(picture)
    top = MARGIN
    for size, lines in _SIZES:
        font: Any = font_of.load_default(size)
        for _ in range(lines):
            for left, word in _line(choose, known, font):
                pen.text((left, top), word, font=font, fill=(ink,) * 3)
            top += int(size * 1.6)
        top += 18
    return picture


def _line(choose: random.Random, known: Sequence[str], font: Any) -> Iterator[tuple[int, str]]:
    """Words and where they begin, to about the end of the line."""
    left, gap = float(MARGIN), font.getlength("n") * 0.9
    while True:
        word = "".join(choose.choice(known) for _ in range(choose.randint(2, LONGEST)))
        width = font.getlength(word)
        if left + width > WIDTH - MARGIN:
            return
        yield int(left), word
        left += width + gap
