"""The maps a detector is trained on, against those that docTR's own DBNet makes."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "training"))
base = pytest.importorskip(
    "doctr.models.detection.differentiable_binarization.base", reason="needs python-doctr"
)

from targets import maps  # noqa: E402

SIDE = 320


def made(seed: int, turned: bool) -> NDArray[np.float32]:
    """float32[n, 4, 2]: words in rows, none over another; whole numbers where none is turned."""
    dice = np.random.default_rng(seed)
    quads = []
    for row in range(6):
        width, height = int(dice.integers(30, 140)), int(dice.integers(10, 26))
        left, top = int(dice.integers(20, 150)), 14 + 50 * row
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        angle = dice.normal(0, 0.03) if turned else 0.0
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        quads.append(corners @ turn + [left, top])
    return np.array(quads, np.float32)


def doctrs(quads: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same four maps by docTR: float32[4, SIDE, SIDE]."""
    made_by = base._DBNet().build_target([{"words": quads / SIDE}], (1, SIDE, SIDE))
    shrunk, counts, thresholds, around = (np.asarray(one, np.float32)[0, 0] for one in made_by)
    return np.stack([shrunk, counts, thresholds, around])


def within(pixels: int, one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Whether each map, grown by so many pixels, holds the other one."""
    around = np.ones((2 * pixels + 1, 2 * pixels + 1), np.uint8)
    return bool(
        (cv2.dilate(one, around) >= other).all() and (cv2.dilate(other, around) >= one).all()
    )


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_shrunk_words_thresholds_and_where_they_count_are_doctrs(seed: int, turned: bool) -> None:
    quads = made(seed, turned)
    ours, theirs = maps(quads, SIDE), doctrs(quads)
    # docTR cuts corners to whole pixels before it moves an outline, and afterwards once more.
    for index in (0, 3):
        assert within(2 if turned else 1, ours[index], theirs[index]), index
    assert (ours[1] == theirs[1]).all()
    inside = np.logical_and(ours[3], theirs[3])
    assert inside.sum() > 1000
    assert np.abs(ours[2] - theirs[2])[inside].mean() < 0.03


def test_a_word_of_another_place_is_seen() -> None:
    quads = made(0, False)
    assert not within(2, maps(quads, SIDE)[0], doctrs(quads + np.float32(3))[0])


def test_words_too_small_to_be_taught_do_not_count() -> None:
    small = np.array([[[10, 10], [40, 10], [40, 12], [10, 12]]], np.float32)
    found = maps(small, 64)
    assert not found[0].any() and not found[3].any()
    assert found[1].sum() < 64 * 64
