"""How long steps say what they do, and how a comparison of two stages is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # at run time it needs numpy, and some commands do without
    from sigfix.verifying.comparison import Parity

Say = Callable[[str], None]
"""Takes one short line: what is being done now."""


def silent(message: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Comparison:
    """What came of comparing two stages of one model on the same inputs, at one batch size.

    `note` says what was left out, '' where everything was compared.
    """

    reference: str
    result: str
    batch: int
    parity: Parity
    note: str = ""
