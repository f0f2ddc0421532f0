"""Logits of docTR's recognisers -> words, as docTR's post-processors read them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


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
