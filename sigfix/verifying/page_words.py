"""Two readings of one page, word by word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sigfix.verifying.decoding import in_both


@dataclass(frozen=True)
class WordCount:
    """How many words a reference has, how many another reading has, and how many are the same.

    The same are those in one place (IoU at least 0.5) with equal text and direction.
    """

    reference: int
    own: int
    same: int

    @property
    def part_different(self) -> float:
        """Of the words, as a part of 1."""
        return 1 - self.same / max(self.reference, self.own, 1)

    def __add__(self, more: WordCount) -> WordCount:
        return WordCount(
            self.reference + more.reference, self.own + more.own, self.same + more.same
        )

    @classmethod
    def of(cls, reference: Mapping[str, Any], own: Mapping[str, Any]) -> WordCount:
        """Compare two pages as docTR's `Document.export()` has them."""
        one, other = words_of(reference), words_of(own)
        boxes = [np.array([box for box, _ in words]).reshape(-1, 4) for words in (one, other)]
        same = sum(one[n][1] == other[m][1] for n, m in in_both(*boxes))
        return cls(len(one), len(other), same)


def words_of(
    page: Mapping[str, Any],
) -> list[tuple[tuple[float, float, float, float], tuple[str, Any]]]:
    """The words of a page, each with the straight box around it: its text and its direction."""
    words = []
    for block in page["blocks"]:
        for line in block["lines"]:
            for word in line["words"]:
                points = np.array(word["geometry"], np.float64)
                low, high = points.min(0), points.max(0)
                turned = word.get("crop_orientation", {}).get("value", 0)
                said = (str(word["value"]), turned)
                words.append(((low[0], low[1], high[0], high[1]), said))
    return words
