"""Pages of rendered text with the box of every word: seeded, from free fonts.

Each page is a pure function of its seed, the fonts found and the sizes asked for. A word's box is
that of its ink and a margin of a tenth of the font's size: what a reader of words is given.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from words import phrase, price, word

FONTS = Path("/usr/share/fonts")
FAMILIES = (
    "dejavu",
    "liberation",
    "freefont",
    "lato",
    "open-sans",
    "roboto",
    "crosextra",
    "linux-libertine",
    "ebgaramond",
    "courier-prime",
    "inconsolata",
    "hack",
    "quicksand",
    "NotoSans-",
    "NotoSerif-",
)
UNREADABLE = ("math", "symbol", "emoji", "hairline", "thin", "initials", "keyboard", "extralight")
"""Parts of the names of font files that hold no plain text, or strokes thinner than a pixel."""

MARGIN = 0.1
"""Of the font's size, around the ink."""


@dataclass
class Page:
    """A page being written, and its words."""

    image: Image.Image
    chance: random.Random
    ink: tuple[int, int, int]
    texts: list[str] = field(default_factory=list)
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)

    def write(self, text: str, x: float, y: float, font: ImageFont.FreeTypeFont) -> float:
        """One word with its baseline at `y`; where it ends. What leaves the page isn't written."""
        left, top, right, bottom = font.getbbox(text, anchor="ls")
        margin = MARGIN * font.size
        box = (x + left - margin, y + top - margin, x + right + margin, y + bottom + margin)
        fits = box[0] >= 0 and box[1] >= 0
        if fits and box[2] <= self.image.width and box[3] <= self.image.height:
            ImageDraw.Draw(self.image).text((x, y), text, font=font, fill=self.ink, anchor="ls")
            self.texts.append(text)
            self.boxes.append(box)
        return x + font.getlength(text)

    def line(
        self, words: Iterator[str], x: float, end: float, y: float, font: ImageFont.FreeTypeFont
    ) -> None:
        """Words from `x` on, as many as end before `end`."""
        space = font.getlength(" ") * self.chance.uniform(0.9, 1.5)
        for text in words:
            if x + font.getlength(text) > end:
                return
            x = self.write(text, x, y, font) + space


def fonts() -> list[str]:
    """The font files that are used, in a fixed order."""
    every = sorted(str(file) for kind in ("ttf", "otf") for file in FONTS.rglob(f"*.{kind}"))
    return [
        name
        for name in every
        if any(family.lower() in name.lower() for family in FAMILIES)
        and not any(part in Path(name).name.lower() for part in UNREADABLE)
        and _has_letters(name)
    ]


def _has_letters(name: str) -> bool:
    """Whether a font has the letters of the word lists: some have capitals alone."""
    font = ImageFont.truetype(name, 20)
    absent = bytes(font.getmask("\uffff"))
    return all(bytes(font.getmask(letter)) != absent for letter in "azAZé09,€")


_LOADED: dict[tuple[str, int], ImageFont.FreeTypeFont] = {}


def font_of(name: str, size: float) -> ImageFont.FreeTypeFont:
    """A font file at a size in whole pixels, opened once."""
    key = name, round(size)
    if key not in _LOADED:
        _LOADED[key] = ImageFont.truetype(*key)
    return _LOADED[key]


def _font(chance: random.Random, names: list[str], size: float) -> ImageFont.FreeTypeFont:
    return font_of(chance.choice(names), size)


def _column(page: Page, names: list[str], x: float, end: float, y: float, bottom: float) -> None:
    """Paragraphs, some with a heading, until the column is full."""
    chance = page.chance
    size = chance.uniform(11, 22)
    body, leading = _font(chance, names, size), chance.uniform(1.15, 1.7)
    while y < bottom:
        if chance.random() < 0.4:
            heading = _font(chance, names, size * chance.uniform(1.2, 2.2))
            y += heading.size * 1.3
            page.line(phrase(chance, chance.randint(1, 6)), x, end, y, heading)
            y += heading.size * 0.5
        for _ in range(chance.randint(1, 9)):
            y += body.size * leading
            if y > bottom:
                return
            last = end if chance.random() < 0.85 else x + (end - x) * chance.uniform(0.2, 0.9)
            page.line(phrase(chance, 40), x, last, y, body)
        y += body.size * chance.uniform(0.4, 1.5)


def _paragraphs(page: Page, names: list[str]) -> None:
    width, height = page.image.size
    columns = page.chance.choice((1, 1, 2, 2, 3))
    gap = width * 0.04
    each = (width - gap) / columns
    for number in range(columns):
        x = gap + number * each
        _column(page, names, x, x + each - gap, height * 0.03, height * 0.97)


def _table(page: Page, names: list[str]) -> None:
    """Rows of cells, with rules or without."""
    chance, (width, height) = page.chance, page.image.size
    font = _font(chance, names, chance.uniform(11, 20))
    step, columns = font.size * chance.uniform(1.5, 2.6), chance.randint(2, 6)
    left, top = width * 0.04, height * chance.uniform(0.03, 0.2)
    each = (width - 2 * left) / columns
    pen, rules = ImageDraw.Draw(page.image), chance.random()
    rows = int((height * 0.96 - top) / step)
    for row in range(rows):
        y = top + (row + 1) * step
        for column in range(columns):
            x = left + column * each
            cell = price(chance) if column and chance.random() < 0.6 else None
            if chance.random() < 0.9:
                cells = iter([cell]) if cell else phrase(chance, chance.randint(1, 3))
                page.line(cells, x + 4, x + each - 4, y - step * 0.3, font)
            if rules < 0.3:
                pen.line((x, y - step, x, y), fill=page.ink)
        if rules < 0.6:
            pen.line((left, y, width - left, y), fill=page.ink)


def _receipt(page: Page, names: list[str]) -> None:
    """Names at the left, amounts at the right, in one narrow column."""
    chance, (width, height) = page.chance, page.image.size
    font = _font(chance, names, chance.uniform(13, 24))
    inner = min(width * 0.94, font.size * chance.uniform(16, 26))
    left = chance.uniform(0.03 * width, max(0.03 * width, 0.97 * width - inner))
    y = height * 0.04
    while y < height * 0.95:
        y += font.size * chance.uniform(1.2, 1.8)
        amount = price(chance)
        right = left + inner - font.getlength(amount)
        page.line(phrase(chance, chance.randint(1, 4)), left, right - font.size, y, font)
        if chance.random() < 0.85:
            page.write(amount, right, y, font)
        if chance.random() < 0.1:
            y += font.size * 0.8
            ImageDraw.Draw(page.image).line((left, y, left + inner, y), fill=page.ink)


def _sparse(page: Page, names: list[str]) -> None:
    """A few words of any size, anywhere, none over another."""
    chance, (width, height) = page.chance, page.image.size
    for _ in range(chance.randint(3, 30)):
        font = _font(
            chance, names, chance.choice((12, 16, 20, 28, 40, 64)) * chance.uniform(0.8, 1.2)
        )
        texts = list(phrase(chance, chance.randint(1, 3)))
        x, y = chance.uniform(0, width * 0.8), chance.uniform(0.05, 0.98) * height
        end = x + font.getlength(" ".join(texts)) * 1.3
        area = (x - 6, y - 1.2 * font.size, end + 6, y + 0.5 * font.size)
        if all(
            area[2] < b[0] or b[2] < area[0] or area[3] < b[1] or b[3] < area[1] for b in page.boxes
        ):
            page.line(iter(texts), x, end, y, font)


def _form(page: Page, names: list[str]) -> None:
    """Labels and values, framed fields, and a list."""
    chance, (width, height) = page.chance, page.image.size
    label, value = (_font(chance, names, chance.uniform(11, 19)) for _ in range(2))
    y, pen = height * 0.04, ImageDraw.Draw(page.image)
    while y < height * 0.95:
        y += max(label.size, value.size) * chance.uniform(1.6, 3)
        middle = width * chance.uniform(0.25, 0.5)
        page.line(phrase(chance, chance.randint(1, 3)), width * 0.05, middle - 8, y, label)
        if chance.random() < 0.5:
            frame = (middle, y - value.size * 1.3, width * 0.94, y + value.size * 0.6)
            pen.rectangle(frame, outline=page.ink)
        values = phrase(chance, 4) if chance.random() < 0.6 else iter([price(chance), word(chance)])
        page.line(values, middle + 6, width * 0.92, y, value)


LAYOUTS: tuple[Callable[[Page, list[str]], None], ...] = (
    _paragraphs,
    _paragraphs,
    _table,
    _receipt,
    _sparse,
    _form,
)


def paper_of(chance: random.Random, size: tuple[int, int]) -> Page:
    """An empty page: `size` is its width and height in pixels."""
    paper, ink = chance.randint(190, 255), chance.randint(0, 95)
    if chance.random() < 0.12:
        paper, ink = ink, paper
    tint = [chance.randint(-14, 14) for _ in range(3)]
    colour = tuple(int(np.clip(paper + shift, 0, 255)) for shift in tint)
    written = Page(Image.new("RGB", size, colour), chance, (ink, ink, ink))
    if chance.random() < 0.25:
        written.ink = tuple(int(np.clip(ink + chance.randint(-40, 40), 0, 255)) for _ in range(3))  # type: ignore[assignment]
    return written


def page(seed: int, size: tuple[int, int], names: list[str]) -> Page:
    """The page of a seed before anything spoils it."""
    chance = random.Random(seed)
    written = paper_of(chance, size)
    chance.choice(LAYOUTS)(written, names if chance.random() < 0.2 else chance.sample(names, 2))
    return written


def corners(boxes: list[tuple[float, float, float, float]]) -> NDArray[np.float32]:
    """float32[n, 4, 2]: x and y of each box's corners, clockwise from the upper left one."""
    flat = np.asarray(boxes, np.float32).reshape(-1, 4)
    return flat[:, [[0, 1], [2, 1], [2, 3], [0, 3]]]
