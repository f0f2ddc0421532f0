"""Logits of decoders that feed their decisions back are compared up to the first tie."""

from __future__ import annotations

import numpy as np
from sigfix.verifying.margins import clear_steps, compare_clear_steps

TOLERANCE = 1e-3


def _logits() -> np.ndarray:
    """Two sequences of four steps and three classes; in the second the third step is a tie."""
    clear = [1.0, 0.0, -1.0]
    return np.array([[clear] * 4, [clear, clear, [1.0, 0.999, -1.0], clear]], np.float32)


def test_a_sequence_ends_with_its_first_unclear_step() -> None:
    assert clear_steps(_logits(), TOLERANCE) == [4, 3]
    assert clear_steps(_logits(), 1e-4) == [4, 4]


def test_at_least_the_first_step_is_compared() -> None:
    assert clear_steps(np.zeros((1, 5, 3), np.float32), TOLERANCE) == [1]


def test_what_follows_a_tie_may_differ() -> None:
    other = _logits()
    other[1, 3] = [-1.0, 0.0, 1.0]
    parity, steps = compare_clear_steps({"y": _logits()}, {"y": other}, "y", TOLERANCE)
    assert parity.ok and steps == [4, 3]


def test_a_difference_at_or_before_the_tie_is_one() -> None:
    for step in (0, 2):
        other = _logits()
        other[1, step] += 0.5
        parity, _ = compare_clear_steps({"y": _logits()}, {"y": other}, "y", TOLERANCE)
        assert not parity.ok


def test_a_wrong_step_of_a_sequence_without_a_tie_is_a_difference() -> None:
    other = _logits()
    other[0, 3] = [-1.0, 0.0, 1.0]
    parity, _ = compare_clear_steps({"y": _logits()}, {"y": other}, "y", TOLERANCE)
    assert not parity.ok


def test_missing_and_misshapen_logits_are_differences() -> None:
    missing, _ = compare_clear_steps({"y": _logits()}, {}, "y", TOLERANCE)
    short, _ = compare_clear_steps({"y": _logits()}, {"y": _logits()[:1]}, "y", TOLERANCE)
    assert not missing.ok and not short.ok
