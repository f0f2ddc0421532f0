"""The ratio of two medians, measured in turns."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """`ours` against `theirs`, in seconds (or GB); `aim` is the largest ratio wanted."""

    what: str
    against: str
    ours: float
    theirs: float
    aim: float
    unit: str = "ms"

    def line(self) -> str:
        """One row of the table, times in milliseconds and memory in MB."""
        value = self.ours / self.theirs
        mark = "" if value <= self.aim else "  above"
        return (
            f"{self.what:44} {self.against:26} {value:7.3f} {self.aim:6.2f}  "
            f"{self.ours * 1e3:.1f} / {self.theirs * 1e3:.1f} {self.unit}{mark}"
        )


def in_turns(
    ours: Callable[[], Sequence[float]], theirs: Callable[[], Sequence[float]], rounds: int
) -> tuple[float, float]:
    """Medians, in seconds, of what both report over `rounds` alternations."""
    mine: list[float] = []
    other: list[float] = []
    for _ in range(rounds):
        mine += ours()
        other += theirs()
    return statistics.median(mine), statistics.median(other)
