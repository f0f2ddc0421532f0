"""Pictures of the catalogue as text: boxes and ways between them, which need no file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sigfix.diagnosis.catalogue.pictures import Picture, Rows


@dataclass(frozen=True)
class Signs:
    """What is drawn with: a box's corners and sides, and the ways to it."""

    corners: str
    across: str
    down: str
    ways: dict[str, str]


DRAWN = Signs("┌┐└┘", "─", "│", {"": "───▶", "!": "──✗ ", "?": "─?─▶"})
PLAIN = Signs("++++", "-", "|", {"": "--->", "!": "--X ", "?": "-?->"})
"""For terminals whose encoding lacks the others."""
_WAY = 4
_GAP = 8
_INDENT = "  "
_TALL = 3


def signs_for(encoding: str | None) -> Signs:
    """Those that a terminal of this encoding has."""
    try:
        text = DRAWN.corners + DRAWN.across + DRAWN.down + "".join(DRAWN.ways.values())
        text.encode(encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return PLAIN
    return DRAWN


def drawn_picture(picture: Picture, width: int, signs: Signs = DRAWN) -> list[str]:
    """Lines: what is there and what it becomes, side by side where `width` has the room."""
    before = ["Now", *drawn_rows(picture.before, signs)]
    after = ["Then", *drawn_rows(picture.after, signs)]
    room = max(map(len, before)) + _GAP
    if len(_INDENT) + room + max(map(len, after)) > width:
        return [(_INDENT + line).rstrip() for line in [*before, "", *after]]
    tall = max(len(before), len(after))
    pairs = zip(_filled(before, tall), _filled(after, tall), strict=True)
    return [f"{_INDENT}{left:<{room}}{right}".rstrip() for left, right in pairs]


def _filled(lines: Sequence[str], tall: int) -> list[str]:
    return [*lines, *[""] * (tall - len(lines))]


def drawn_rows(rows: Rows, signs: Signs) -> list[str]:
    """The boxes of all rows, in columns, each as wide as its widest one."""
    columns = max(map(len, rows))
    widths = [max(len(_name(row, at)) for row in rows) + 4 for at in range(columns)]
    lines = []
    for number, row in enumerate(rows):
        for line in range(_TALL):
            parts = []
            for at in range(len(row)):
                if at:
                    parts.append(signs.ways[_mark(row[at])] if line == 1 else " " * _WAY)
                parts.append(_box_line(rows, number, at, line, widths[at], signs))
            lines.append("".join(parts).rstrip())
    return lines


def _box_line(rows: Rows, number: int, at: int, line: int, width: int, signs: Signs) -> str:
    """One of the three lines of a box; one that goes on above or below has no edge there."""
    name = _name(rows[number], at)
    above = number > 0 and _name(rows[number - 1], at) == name
    below = number + 1 < len(rows) and _name(rows[number + 1], at) == name
    if line == 1:
        return f"{signs.down} {'' if above else name:<{width - 4}} {signs.down}"
    if (line == 0 and above) or (line == 2 and below):
        return f"{signs.down}{' ' * (width - 2)}{signs.down}"
    first = 0 if line == 0 else 2
    left, right = signs.corners[first], signs.corners[first + 1]
    return f"{left}{signs.across * (width - 2)}{right}"


def _mark(part: str) -> str:
    return part[0] if part[0] in "!?" else ""


def _name(row: tuple[str, ...], at: int) -> str:
    return row[at].lstrip("!?") if at < len(row) else ""
