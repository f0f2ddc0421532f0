"""What the terminal can show: its width, and whether colours are wanted."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from sigfix.rendering.style import Style


def settle_colours() -> None:
    """Make TERM and FORCE_COLOR say one thing, which is what `rich` goes by for help and errors.

    NO_COLOR comes first: it takes bold letters away, too. FORCE_COLOR wants colours in a pipe and
    on a dumb terminal.
    """
    forced = os.environ.get("FORCE_COLOR", "") not in ("", "0")
    if os.environ.get("NO_COLOR"):
        os.environ["TERM"] = "dumb"
    elif forced and os.environ.get("TERM", "dumb") == "dumb":
        os.environ["TERM"] = "xterm"
    if os.environ.get("NO_COLOR") or not forced:
        os.environ.pop("FORCE_COLOR", None)


def is_coloured(stream: TextIO) -> bool:
    """Whether colours may be written: to a terminal that has them, or where FORCE_COLOR is set."""
    if "FORCE_COLOR" in os.environ:
        return True
    return os.environ.get("TERM") != "dumb" and stream.isatty()


def terminal_style() -> Style:
    """Colours where they are wanted; 80 columns in a pipe unless COLUMNS says more."""
    from sigfix.rendering.style import Style

    width = 80
    if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdecimal():
        width = shutil.get_terminal_size((80, 24)).columns
    return Style(width=max(width, 60), colour=is_coloured(sys.stdout))
