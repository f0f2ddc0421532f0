"""Logits of docTR's recognisers -> words, as docTR's post-processors read them; and places."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sigfix.errors import MissingExtraError

SAME_PLACE = 0.5
"""How much of what two boxes cover together both must cover (IoU) to be one place."""


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
    """Which boxes [n, (left, top, right, bottom)] of two lists are one place, by position."""
    if not len(one) or not len(other):
        return []
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), -1)
    area, area_of_other = (np.prod(b[:, 2:] - b[:, :2], -1) for b in (one, other))
    overlap = common / np.maximum(area[:, None] + area_of_other[None] - common, 1e-12)
    best = overlap.argmax(1)
    pairs = [(n, int(m)) for n, m in enumerate(best) if overlap[n, m] >= SAME_PLACE]
    return [(n, m) for n, m in pairs if int(overlap[:, m].argmax()) == n]
