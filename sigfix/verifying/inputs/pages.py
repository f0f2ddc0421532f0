"""Rendered pages: what a detector and a whole pipeline are tried on, and a bundle's sample."""

from __future__ import annotations

import random
import string
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
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
SAMPLE = (
    (30, "A page to try: find its words, read them"),
    (
        20,
        "sigfix drew this page, so that there is something to read at once. Give it a picture of "
        "your own: drop it here, paste it, choose a file, or hold a letter in front of the camera. "
        "Nothing of it leaves your computer. The network that finds words and the network that "
        "reads them came with this page, and both run in your browser, on its processor or on its "
        "graphics card. Each word has a box in the picture and a place in the list; go from line "
        "to line with the arrow keys, and the boxes follow. Words that the reader is not sure of "
        "are marked: look at them before you trust them.",
    ),
    (
        24,
        "2 coffees, 1 lemon cake, 3 rolls: 12.75\n1 jar of honey: 11.40\nSum: 24.15, paid on "
        "14/09/2026 at 16:05",
    ),
    (18, "Codes are no words, and are read letter by letter:"),
)
"""Heights of letters, and paragraphs; made-up words are written under the last one."""
CODES = 10
"""Lines of made-up words under `SAMPLE`."""


def rendered_page(vocabulary: str, seed: int = 0) -> Image.Image:
    """A page of paragraphs of made-up words, dark on light, seeded.

    The font is the one that comes with Pillow; only letters and digits that `vocabulary` has are
    written. Raises `UsageError` where it has none of them, `MissingExtraError` without Pillow.
    """
    choose = random.Random(seed)
    known = _known(vocabulary)
    shades = choose.randint(225, 255), choose.randint(0, 60)
    made_up = _made_up(choose, known)
    return _drawn(shades, ((size, [made_up], lines) for size, lines in _SIZES))


def sample_page(vocabulary: str) -> Image.Image:
    """The page that a bundle is tried on and shows: sentences, and made-up words below.

    All of it is made-up words for a vocabulary without the characters of the sentences. Raises
    what `rendered_page` does.
    """
    if not set("".join(text for _, text in SAMPLE)).issubset({*vocabulary, *" \n"}):
        return rendered_page(vocabulary)
    texts = [
        (size, [iter(line.split()) for line in text.split("\n")], None) for size, text in SAMPLE
    ]
    codes = _made_up(random.Random(0), _known(vocabulary))
    return _drawn((248, 24), [*texts, (SAMPLE[-1][0], [codes], CODES)])


def _known(vocabulary: str) -> list[str]:
    known = [c for c in string.ascii_lowercase + string.digits if c in vocabulary]
    known = known or [c for c in string.ascii_uppercase if c in vocabulary]
    if not known:
        raise UsageError(
            "A page is rendered to try the models on, and this recogniser reads none of the "
            "letters and digits of the built-in font.",
            "--no-verify leaves the trial out",
        )
    return known


def _made_up(choose: random.Random, known: Sequence[str]) -> Iterator[str]:
    while True:
        yield "".join(choose.choice(known) for _ in range(choose.randint(2, LONGEST)))


def _drawn(
    shades: tuple[int, int], paragraphs: Iterable[tuple[int, Sequence[Iterator[str]], int | None]]
) -> Image.Image:
    """Paragraphs: the height of letters, the words of each new line, and how many lines are drawn.

    None draws all of the words.
    """
    image, draw, font_of = pillow("a rendered page")
    paper, ink = shades
    picture: Image.Image = image.new("RGB", (WIDTH, HEIGHT), (paper,) * 3)
    pen = draw.Draw(picture)
    top = MARGIN
    for size, texts, lines in paragraphs:
        font: Any = font_of.load_default(size)
        wrapped = chain.from_iterable(_lines(words, font) for words in texts)
        for line in islice(wrapped, lines):
            for left, word in line:
                pen.text((left, top), word, font=font, fill=(ink,) * 3)
            top += int(size * 1.6)
        top += 18
    return picture


def _lines(words: Iterator[str], font: Any) -> Iterator[list[tuple[int, str]]]:
    """Words and where they begin, line by line, each to about its end."""
    left, gap = float(MARGIN), font.getlength("n") * 0.9
    line: list[tuple[int, str]] = []
    for word in words:
        width = font.getlength(word)
        if line and left + width > WIDTH - MARGIN:
            yield line
            left, line = float(MARGIN), []
        line.append((int(left), word))
        left += width + gap
    yield line
