"""How long steps say what they do."""

from __future__ import annotations

from collections.abc import Callable

Say = Callable[[str], None]
"""Takes one short line: what is being done now."""


def silent(message: str) -> None:
    """Say nothing."""
