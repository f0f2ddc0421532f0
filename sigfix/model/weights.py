"""Weights that are no finite numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NonFinite:
    """A tensor with NaN or infinity among its `count` values."""

    name: str
    nans: int
    infinities: int
    count: int

    def __str__(self) -> str:
        parts = [(self.nans, "NaN"), (self.infinities, "infinite")]
        told = " and ".join(f"{number:,} {what}" for number, what in parts if number)
        return f"{self.name}: {told} of {self.count:,} value{'s' if self.count != 1 else ''}"
