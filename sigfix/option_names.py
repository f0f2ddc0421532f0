"""What options are called where they were given: the same fault has one text in every command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class OptionNames:
    """The options that say which docTR model is built; `bundle` builds several, and has its own."""

    preset: str = "--preset"
    weights: str = "--weights"
    size: str = "--size"


USUAL = OptionNames()
"""As `repair` and `convert` have them."""


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights as it was given; in a message `--weights my.pt`."""

    path: Path
    names: OptionNames = USUAL

    def __str__(self) -> str:
        return f"{self.names.weights} {self.path}"
