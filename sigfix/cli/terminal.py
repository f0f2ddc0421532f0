"""What the terminal can show: its width, and whether colours are wanted."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from sigfix.rendering.style import Style


def is_coloured(stream: TextIO) -> bool:
    """Whether colours may be written: to a terminal that has them, or where FORCE_COLOR is set.

    NO_COLOR comes before both.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return os.environ["FORCE_COLOR"] != "0"
    return os.environ.get("TERM") != "dumb" and stream.isatty()


def terminal_style() -> Style:
    """Colours where they are wanted; 80 columns in a pipe unless COLUMNS says more."""
    from sigfix.rendering.style import Style

    width = 80
    if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdecimal():
        width = shutil.get_terminal_size((80, 24)).columns
    return Style(width=max(width, 60), colour=is_coloured(sys.stdout))
