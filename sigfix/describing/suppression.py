"""Which suppressions of overlapping boxes can be written out for TF.js: those that pick few."""

from __future__ import annotations

MOST_PICKS = 500
"""Boxes that are picked: each takes some twenty operators."""
WAY_ON = (
    f"export the model with a max_total_size of {MOST_PICKS} at most, and a known number of classes"
)


def most_picked(total: int, of_a_class: int, classes: int, boxes: int | None) -> int:
    """How many boxes CombinedNonMaxSuppression picks at most; `boxes` None: open."""
    return min(total, of_a_class * classes, total if boxes is None else boxes * classes)
