"""How far two models differ, as a picture: a row an output, a mark each time it was compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from sigfix.quoting import printable
from sigfix.rendering.svg import as_page, as_svg, circle, cut, line, picture, shortened, text
from sigfix.wording import plural

if TYPE_CHECKING:
    from sigfix.verifying.comparison import OutputParity
    from sigfix.verifying.verdict import Verification

WIDTH, MARGIN, LEFT, ROW, HEAD = 900.0, 20.0, 250.0, 30.0, 44.0
MOST_ROWS = 40
"""Outputs of a signature that are shown, those that differ most."""
_LEGEND = (
    "largest difference, as a part of an output's range: a dot a batch, at the left end where "
    "there is none; the black line is what is allowed"
)
_LEAST = 1e-9
"""The left end of the scale: nothing is told apart below it."""
_GREEN, _RED, _GREY, _INK = "#2e7d32", "#c62828", "#d5d8de", "#1b1b1f"
_COLOURS = {"same": _GREEN, "different": _RED, "not comparable": "#a86a10"}


@dataclass(frozen=True)
class Words:
    """A line of text at a place, from its left end on."""

    x: float
    y: float
    said: str
    size: int = 13
    colour: str = _INK


@dataclass(frozen=True)
class Line:
    """A straight line."""

    x: float
    y: float
    to_x: float
    to_y: float
    colour: str = _GREY


@dataclass(frozen=True)
class Mark:
    """A dot with a text that a reader of SVG sees when pointing at it."""

    x: float
    y: float
    colour: str
    said: str


Shape = Words | Line | Mark


def shapes_of(
    parities: tuple[Verification, ...], left: str, right: str
) -> tuple[float, list[Shape]]:
    """The height of the picture, and what is in it."""
    shapes: list[Shape] = [
        Words(MARGIN, 28, shortened(f"{left} and {right}", 100), 15),
        Words(MARGIN, 48, _LEGEND, 12),
    ]
    top = 62.0
    for parity in parities:
        rows = _rows(parity)
        shown = list(rows)[:MOST_ROWS]
        scale = _Scale(max([0.0, *(_number(item) for each in rows.values() for _, item in each)]))
        head = f"{shortened(parity.key, 40)}: {parity.verdict}"
        if len(rows) > len(shown):
            head += f", {len(shown)} of {plural(len(rows), 'output')}, the largest differences"
        shapes.append(Words(MARGIN, top + 20, head, 14, _COLOURS[parity.verdict]))
        top += HEAD
        if parity.reason:
            shapes.append(Words(MARGIN, top, cut(parity.reason, 120), 12))
            top += 22
        if not shown:
            continue
        bottom = top + ROW * len(shown)
        shapes += [
            shape
            for power in scale.powers()
            for shape in (
                Line(scale.at(power), top, scale.at(power), bottom),
                Words(scale.at(power) - 12, bottom + 16, f"1e{round(math.log10(power))}", 11),
            )
        ]
        for number, name in enumerate(shown):
            shapes += _row(rows[name], name, scale, top + ROW * number)
        top = bottom + 30
    return top + MARGIN, shapes


def _rows(parity: Verification) -> dict[str, list[tuple[str, OutputParity]]]:
    """Output -> what it was compared as; those that fail, and differ most, first."""
    found: dict[str, list[tuple[str, OutputParity]]] = {}
    for item in parity.comparisons:
        where = f"batch {item.batch}" + (f", through {item.through}" if item.through else "")
        for output in item.parity.outputs:
            found.setdefault(output.name, []).append((where, output))
    return dict(
        sorted(
            found.items(),
            key=lambda row: (all(o.ok for _, o in row[1]), -max(_number(o) for _, o in row[1])),
        )
    )


def _row(
    compared: list[tuple[str, OutputParity]], name: str, scale: _Scale, top: float
) -> Iterator[Shape]:
    middle = top + ROW / 2
    yield Words(MARGIN, middle + 4, shortened(name, 30))
    yield Line(LEFT, middle, WIDTH - MARGIN - 10, middle)
    limits = {item.limit for _, item in compared if item.limit}
    for limit in limits:
        at = scale.at(limit)
        yield Line(at, top + 4, at, top + ROW - 4, _INK)
    for where, item in compared:
        said = f"{name}, {where}: {_said(item)}"
        colour = _GREEN if item.ok else _RED
        if item.relative is None:
            yield Words(LEFT + 6, middle - 3, cut(item.reason or "not compared", 90), 11, colour)
        else:
            yield Mark(scale.at(_number(item)), middle, colour, said)


def _number(item: OutputParity) -> float:
    """What is drawn: beyond every number where it is none."""
    value = item.relative or 0.0
    return value if math.isfinite(value) else 1e9


def _said(item: OutputParity) -> str:
    return "equal" if not item.relative else f"{item.relative:.1e} of its range"


@dataclass(frozen=True)
class _Scale:
    """Places of differences, by their powers of ten."""

    largest: float

    def _end(self) -> float:
        return 10.0 ** max(0, math.ceil(math.log10(max(self.largest, _LEAST))))

    def at(self, value: float) -> float:
        part = math.log10(max(value, _LEAST) / _LEAST) / math.log10(self._end() / _LEAST)
        return LEFT + min(part, 1.0) * (WIDTH - MARGIN - 10 - LEFT)

    def powers(self) -> list[float]:
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


def verify_plot(
    parities: tuple[Verification, ...], left: str, right: str, form: str
) -> str | bytes:
    """The picture as the contents of a file of this form."""
    height, shapes = shapes_of(parities, left, right)
    return FORMS[form](height, shapes, f"{left} and {right}")
