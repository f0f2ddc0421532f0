"""Logits of docTR's recognisers -> words, as docTR's post-processors read them; and places."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sigfix.errors import MissingExtraError

SAME_PLACE = 0.5
"""How much of what two boxes cover together both must cover (IoU) to be one place."""
_PAIRS = 1 << 20
"""How many pairs of boxes are looked at at a time."""


def read_words(logits: npt.NDArray[Any], vocabulary: str, decoder: str) -> list[str]:
    """The word in each row of `logits` [batch, steps, classes].

    `decoder` is "ctc" (argmax, repeats collapsed, blanks dropped) or "attention" (argmax up to
    the end of the sequence); see `presets.Preset`. Blank and end are the class behind the
    characters.
    """
    best = logits.argmax(-1)
    read = _ctc if decoder == "ctc" else _attention
    return ["".join(vocabulary[c] for c in read(row, len(vocabulary))) for row in best]


def _ctc(row: npt.NDArray[Any], blank: int) -> list[int]:
    first = np.concatenate([[True], row[1:] != row[:-1]])
    return [int(c) for c in row[first] if c < blank]


def _attention(row: npt.NDArray[Any], end: int) -> list[int]:
    ends = np.flatnonzero(row == end)
    # MASTER has two more classes, which docTR writes as words of their own; they stand for nothing.
    return [int(c) for c in row[: ends[0] if len(ends) else None] if c < end]


def word_places(probabilities: npt.NDArray[Any], binarise_at: float) -> npt.NDArray[Any]:
    """Boxes [n, (left, top, right, bottom)] in pixels around what a map [height, width] has.

    docTR grows these by a fixed part of their size, so words move as they do. Raises
    `MissingExtraError` without OpenCV, which docTR brings.
    """
    try:
        import cv2
    except ImportError as error:
        raise MissingExtraError("--quantize auto of a detector", "doctr", str(error)) from error
    bitmap = (probabilities > binarise_at).astype(np.uint8)
    bitmap = np.asarray(cv2.morphologyEx(bitmap, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)))
    _, _, stats, _ = cv2.connectedComponentsWithStats(bitmap)
    left, top, width, height = stats[1:, :4].T
    return np.stack([left, top, left + width, top + height], 1)


def in_both(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> list[tuple[int, int]]:
    """Which boxes [n, (left, top, right, bottom)] of two lists are one place, by position.

    A detector with random weights finds tens of thousands: pairs are looked at some at a time.
    """
    if not len(one) or not len(other):
        return []
    rows = max(_PAIRS // len(other), 1)
    best = np.zeros(len(one), np.int64)
    most = np.zeros(len(one))
    best_of_other = np.zeros(len(other), np.int64)
    most_of_other = np.full(len(other), -1.0)
    for first in range(0, len(one), rows):
        overlap = _overlaps(one[first : first + rows], other)
        here = slice(first, first + len(overlap))
        best[here], most[here] = overlap.argmax(1), overlap.max(1)
        highest = overlap.max(0)
        more = highest > most_of_other
        best_of_other[more] = first + overlap.argmax(0)[more]
        most_of_other[more] = highest[more]
    same = (most >= SAME_PLACE) & (best_of_other[best] == np.arange(len(one)))
    return [(int(n), int(best[n])) for n in np.flatnonzero(same)]


def _overlaps(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """IoU of each box of one list with each of another."""
    common: npt.NDArray[Any] = np.ones(())
    for low, high in ((0, 2), (1, 3)):
        least = np.maximum(one[:, None, low], other[None, :, low])
        common = common * np.clip(
            np.minimum(one[:, None, high], other[None, :, high]) - least, 0, None
        )
    area, area_of_other = ((b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1]) for b in (one, other))
    whole = area[:, None] + area_of_other[None] - common
    return np.asarray(common / np.maximum(whole, 1e-12))
