"""A plot as shapes, and the shapes as SVG, as a page, or as PNG."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from sigfix.quoting import printable
from sigfix.rendering.svg import as_page, as_svg, circle, line, picture, text

WIDTH, MARGIN, LEFT, ROW, HEAD = 900.0, 20.0, 250.0, 30.0, 44.0
_LEAST = 1e-9
"""The left end of the scale: nothing is told apart below it."""
GREEN, RED, GREY, INK = "#2e7d32", "#c62828", "#d5d8de", "#1b1b1f"


@dataclass(frozen=True)
class Words:
    """A line of text at a place, from its left end on."""

    x: float
    y: float
    said: str
    size: int = 13
    colour: str = INK


@dataclass(frozen=True)
class Line:
    """A straight line."""

    x: float
    y: float
    to_x: float
    to_y: float
    colour: str = GREY


@dataclass(frozen=True)
class Mark:
    """A dot with a text that a reader of SVG sees when pointing at it."""

    x: float
    y: float
    colour: str
    said: str


Shape = Words | Line | Mark


@dataclass(frozen=True)
class Scale:
    """Places of differences, by their powers of ten."""

    largest: float

    def _end(self) -> float:
        return 10.0 ** max(0, math.ceil(math.log10(max(self.largest, _LEAST))))

    def at(self, value: float) -> float:
        """How far right a difference is."""
        part = math.log10(max(value, _LEAST) / _LEAST) / math.log10(self._end() / _LEAST)
        return LEFT + min(part, 1.0) * (WIDTH - MARGIN - 10 - LEFT)

    def powers(self) -> list[float]:
        """The differences that are written below it."""
        last = round(math.log10(self._end()))
        return [10.0**power for power in range(-9, last + 1, 3)]


def _svg(height: float, shapes: list[Shape], title: str) -> str:
    return as_svg(_drawn(height, shapes, title))


def _page(height: float, shapes: list[Shape], title: str) -> str:
    return as_page(_drawn(height, shapes, title), title, narrower=True)


def _drawn(height: float, shapes: list[Shape], title: str) -> Element:
    svg = picture(WIDTH, height, title)
    for shape in shapes:
        if isinstance(shape, Words):
            text(svg, shape.x, shape.y, shape.said, shape.size, fill=shape.colour)
        elif isinstance(shape, Line):
            line(svg, (shape.x, shape.y), (shape.to_x, shape.to_y), shape.colour)
        else:
            circle(svg, shape.x, shape.y, 5, shape.colour, shape.said)
    return svg


def _png(height: float, shapes: list[Shape], title: str) -> bytes:
    """Twice as many pixels, so that text is sharp on today's screens."""
    import io

    from PIL import Image, ImageDraw, ImageFont

    twice = 2
    image = Image.new("RGB", (int(WIDTH) * twice, int(height) * twice), "#ffffff")
    draw = ImageDraw.Draw(image)
    for shape in shapes:
        x, y = shape.x * twice, shape.y * twice
        if isinstance(shape, Words):
            font = ImageFont.load_default(shape.size * twice)
            draw.text((x, y), printable(shape.said), shape.colour, font, anchor="ls")
        elif isinstance(shape, Line):
            draw.line((x, y, shape.to_x * twice, shape.to_y * twice), shape.colour, twice)
        else:
            draw.ellipse((x - 10, y - 10, x + 10, y + 10), shape.colour)
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


FORMS: Mapping[str, Callable[[float, list[Shape], str], str | bytes]] = {
    ".html": _page,
    ".svg": _svg,
    ".png": _png,
}
"""The end of a file's name -> what is written into it."""
