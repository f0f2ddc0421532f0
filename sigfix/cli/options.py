"""How the options of a command are declared: text, names, and the panel of its help."""

from __future__ import annotations

from typing import Any

import typer


def option(text: str, *names: str, panel: str, **more: Any) -> Any:
    """An option with `text` as its help, in the help's `panel`; `more` is typer's own."""
    return typer.Option(*names, help=text, rich_help_panel=panel, **more)
