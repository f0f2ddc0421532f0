"""The pictures of `sigfix explain`: whole boxes, ways that end at them, no line too long."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from sigfix.diagnosis import RULES
from sigfix.diagnosis.catalogue.pictures import PICTURES, Picture
from sigfix.rendering.boxes import DRAWN, PLAIN, drawn_picture, signs_for
from sigfix.rendering.rules_text import render_page, render_rule
from sigfix.rendering.style import Style

TABLE = str.maketrans("┌┐└┘─│▶✗", "++++-|>X")


def at(lines: list[str], row: int, column: int) -> str:
    return lines[row][column] if row < len(lines) and column < len(lines[row]) else " "


def whole(lines: list[str]) -> bool:
    """Whether each corner has a side below or above it, and each way ends at a box."""
    for row, line in enumerate(lines):
        for column, sign in enumerate(line):
            if sign in "┌┐" and at(lines, row + 1, column) != "│":
                return False
            if sign in "└┘" and at(lines, row - 1, column) != "│":
                return False
            if sign == "▶" and at(lines, row, column + 1) != "│":
                return False
            if sign == "✗" and line[column + 1 : column + 3] != " │":
                return False
    return any("┌" in line for line in lines)


@pytest.mark.parametrize("code", PICTURES)
@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_a_picture_is_whole_at_every_width(code: str, width: int) -> None:
    assert code in RULES
    lines = drawn_picture(PICTURES[code], width)
    assert whole(lines)
    assert max(map(len, lines)) <= max(width, 60)
    assert not any(line.endswith(" ") for line in lines)
    text = "\n".join(lines)
    for row in (*PICTURES[code].before, *PICTURES[code].after):
        assert all(part.lstrip("!?") in text for part in row)
    assert text.translate(TABLE) == "\n".join(drawn_picture(PICTURES[code], width, PLAIN))
    assert text.translate(TABLE).isascii()


def test_a_broken_box_would_be_seen() -> None:
    lines = drawn_picture(PICTURES["SIG003"], 120)
    for row, line in enumerate(lines):
        for column in (found.start() for found in re.finditer("[│]", line)):
            broken = [*lines]
            broken[row] = f"{line[:column]} {line[column + 1 :]}"
            if at(lines, row - 1, column) in "┌┐" or at(lines, row + 1, column) in "└┘":
                assert not whole(broken)


def test_a_box_below_itself_is_one_and_another_is_not() -> None:
    (first, *_), two = (
        [line for line in drawn_picture(Picture(rows, rows), 200) if "a" in line]
        for rows in ((("a", "b"), ("a", "c")), (("a", "b"), ("c", "b")))
    )
    assert first.count("a") == 2  # now, and then
    assert sum(line.count("b") for line in two) == 2


def test_side_by_side_where_there_is_room() -> None:
    narrow, wide = (drawn_picture(PICTURES["SIG001"], width) for width in (80, 120))
    assert "Now" in wide[0] and "Then" in wide[0]
    assert len(wide) < len(narrow)
    assert whole(narrow) and whole(wide)


def test_explain_and_the_findings_page_have_them() -> None:
    page = render_page()
    for code, rule in RULES.items():
        has = code in PICTURES
        assert ("Picture" in render_rule(rule, Style(80))) == has
        assert render_rule(rule, Style(80)).count("┌") == (page_part(page, code).count("┌"))


def page_part(page: str, code: str) -> str:
    return page.split(f"### {code} ")[1].split("\n### ")[0]


@pytest.mark.parametrize(("encoding", "signs"), [
    ("utf-8", DRAWN), ("latin-1", PLAIN), ("ascii", PLAIN), (None, PLAIN), ("no such", PLAIN),
])  # fmt: skip
def test_signs_are_those_of_the_terminal(encoding: str | None, signs: object) -> None:
    assert signs_for(encoding) is signs


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_terminal_gets_signs_that_it_has(encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sigfix", "explain", "SIG001"],
        env={**os.environ, "PYTHONIOENCODING": encoding, "COLUMNS": "120"},
        capture_output=True, check=True,
    )  # fmt: skip
    text = done.stdout.decode(encoding)
    assert ("┌" in text) == (encoding == "utf-8")
    assert ("serving_default | --X" if encoding == "latin-1" else "serving_default │──✗") in (
        text.replace("|--X", "| --X")
    )
