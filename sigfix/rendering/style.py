"""Colour, widths and units of the text output."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from sigfix.quoting import printable

_CODES = {"red": "31", "yellow": "33", "cyan": "36", "green": "32", "bold": "1", "dim": "2"}
SEVERITY_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}
_NARROWEST = 40


_WORD = r"(?![-`])(?:\$?'[^']*'|\"[^\"]*\"|[^\s'\"`])+"
_OPTION = rf"-(?:o|-[a-z][a-z-]*)(?:[ =]{_WORD})?"
_COMMAND = rf"sigfix [a-z]+(?: {_WORD})?(?: {_OPTION})*|{_OPTION}(?: {_OPTION})*"
COMMAND = re.compile(rf"`[^`]+`|(?<!\S)(?:{_COMMAND})")
"""What a reader copies out of a text: in backticks, or a command of sigfix or its options."""


class _Wrapper(textwrap.TextWrapper):
    """Breaks lines at white space that is in no command."""

    def _split(self, text: str) -> list[str]:
        return re.findall(rf"(?:{COMMAND.pattern}|\S)+|\s+", text)

    def _handle_long_word(
        self, reversed_chunks: list[str], cur_line: list[str], cur_len: int, width: int
    ) -> None:
        if not COMMAND.search(reversed_chunks[-1]):
            super()._handle_long_word(reversed_chunks, cur_line, cur_len, width)
        elif not cur_line:
            cur_line.append(reversed_chunks.pop())


def wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Lines of at most `width` that begin with `first`, then `rest`; no command is broken.

    Another word that is longer than a line is broken.
    """
    return _Wrapper(width, initial_indent=first, subsequent_indent=rest).wrap(text)


@dataclass(frozen=True)
class Style:
    """How wide a line may be, and whether colours are wanted."""

    width: int = 80
    colour: bool = False

    def paint(self, text: str, *names: str) -> str:
        """`text` in these colours, where colours are wanted."""
        if not self.colour or not text:
            return text
        return "".join(f"\x1b[{_CODES[name]}m" for name in names) + text + "\x1b[0m"

    def wrap(self, text: str, first: str, rest: str | None = None) -> list[str]:
        """Lines of at most `width`, the first starting with `first`, the others with `rest`.

        A word that is longer than a line is broken only where there is no other way, and a command
        never: it is copied as it is.
        """
        rest = " " * len(first) if rest is None else rest
        room = max(self.width, len(rest) + _NARROWEST)
        return wrapped(text, room, first, rest) or [first.rstrip()]


def size_text(size: int) -> str:
    """Bytes in decimal units: `219 kB`, `1.3 MB`."""
    if size < 1000:
        return f"{size} bytes" if size != 1 else "1 byte"
    value = float(size)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.5 or unit == "GB":
            return f"{value:.0f} {unit}" if value >= 99.5 else f"{value:.1f} {unit}"
    raise AssertionError


def shortened(text: str, most: int) -> str:
    """At most `most` characters, the middle left out."""
    if len(text) <= most:
        return text
    head = (most - 5) * 2 // 3
    return f"{text[:head]} ... {text[-(most - 5 - head) :]}"


def tried_lines(tried: Iterable[str], indent: str) -> list[str]:
    """One line that says what made-up inputs were made of, none where nothing was made up."""
    if not tried:
        return []
    return wrapped("on " + ", ".join(tried), 78, indent, indent)


def note_lines(notes: Iterable[str]) -> list[str]:
    """What a reader should know beside a result, each note in lines of its own."""
    lines = []
    for note in notes:
        lines += wrapped(f"note: {printable(note)}", 78, "  ", "        ")
    return lines
