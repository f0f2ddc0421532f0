"""Two readings of a page, word by word."""

from __future__ import annotations

from typing import Any

from tests.documents.rendering import Box, Words

OVERLAP = 0.5
"""What two boxes have in common, by what either covers (IoU), from which on they are one place."""


def words_of(page: dict[str, Any]) -> Words:
    """The words of a page as docTR exports it."""
    return [
        ((*word["geometry"][0], *word["geometry"][1]), word["value"])
        for block in page["blocks"]
        for line in block["lines"]
        for word in line["words"]
    ]


def overlap(one: Box, other: Box) -> float:
    """The IoU of two boxes."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or high <= 0:
        return 0.0
    areas = sum((right - left) * (bottom - top) for left, top, right, bottom in (one, other))
    return wide * high / (areas - wide * high)


def pairs(wanted: Words, found: Words) -> list[tuple[str, str]]:
    """The texts of words in one place: each word in one pair at most, the best pairs first."""
    near = [
        (overlap(box, other), first, second)
        for first, (box, _) in enumerate(wanted)
        for second, (other, _) in enumerate(found)
        if overlap(box, other) >= OVERLAP
    ]
    taken: tuple[set[int], set[int]] = (set(), set())
    texts = []
    for _, first, second in sorted(near, reverse=True):
        if first not in taken[0] and second not in taken[1]:
            taken[0].add(first)
            taken[1].add(second)
            texts.append((wanted[first][1], found[second][1]))
    return texts


def equal(wanted: Words, found: Words) -> int:
    """How many words are in one place with one text."""
    return sum(one == other for one, other in pairs(wanted, found))
