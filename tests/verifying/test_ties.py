"""Logits of decoders that feed their decisions back are compared up to the first tie."""

from __future__ import annotations

import numpy as np
import pytest

from sigfix.presets import find_preset
from sigfix.verifying.arrays import Array
from sigfix.verifying.ties import Ties, clear_steps, compare_clear_steps, ties_of
from sigfix.verifying.tolerances import Limit
from sigfix.verifying.verdict import Comparison, compare_cases, verdict_of

TOLERANCE = 1e-3
TIES = Ties("y", 4)
LIMITS = {"y": Limit(TOLERANCE)}
PRESET = find_preset("sar_resnet31")
STAGES = ("ONNX Runtime", "SavedModel")


def _logits() -> Array:
    """Two sequences of four steps and three classes; in the second the third step is a tie."""
    clear = [1.0, 0.0, -1.0]
    return np.array([[clear] * 4, [clear, clear, [1.0, 0.999, -1.0], clear]], np.float32)


def test_a_sequence_ends_with_its_first_unclear_step() -> None:
    assert clear_steps(_logits(), TOLERANCE) == [4, 3]
    assert clear_steps(_logits(), 1e-4) == [4, 4]


def test_at_least_the_first_step_is_compared() -> None:
    assert clear_steps(np.zeros((1, 5, 3), np.float32), TOLERANCE) == [1]


def test_what_follows_a_tie_may_differ_and_the_note_says_what_was_left_out() -> None:
    other = _logits()
    other[1, 3] = [-1.0, 0.0, 1.0]
    parity, note = compare_clear_steps({"y": _logits()}, {"y": other}, TIES, LIMITS)
    assert parity.ok
    assert note.startswith("compared 7 of 8 steps: after a tie")


def test_without_a_tie_there_is_no_note() -> None:
    clear = _logits()[:1]
    parity, note = compare_clear_steps({"y": clear}, {"y": clear.copy()}, TIES, LIMITS)
    assert parity.ok and not note


@pytest.mark.parametrize("step", [0, 2])
def test_a_difference_at_or_before_the_tie_is_one(step: int) -> None:
    other = _logits()
    other[1, step] += 0.5
    parity, _ = compare_clear_steps({"y": _logits()}, {"y": other}, TIES, LIMITS)
    assert not parity.ok


def test_a_wrong_step_of_a_sequence_without_a_tie_is_a_difference() -> None:
    other = _logits()
    other[0, 3] = [-1.0, 0.0, 1.0]
    parity, _ = compare_clear_steps({"y": _logits()}, {"y": other}, TIES, LIMITS)
    assert not parity.ok


def test_nan_after_a_tie_is_no_difference_and_before_it_one() -> None:
    for step, ok in ((3, True), (1, False)):
        other = _logits()
        other[1, step] = np.nan
        parity, _ = compare_clear_steps({"y": _logits()}, {"y": other}, TIES, LIMITS)
        assert parity.ok is ok


def test_missing_and_misshapen_logits_are_differences() -> None:
    for result in ({}, {"y": _logits()[:1]}, {"y": _logits()[:, :, 0]}):
        parity, note = compare_clear_steps({"y": _logits()}, result, TIES, LIMITS)
        assert not parity.ok and not note


def test_only_decoders_that_feed_back_have_ties() -> None:
    assert ties_of(PRESET) == Ties("logits", PRESET.steps)
    assert ties_of(find_preset("vitstr_small")) is None
    assert ties_of(find_preset("db_resnet50")) is None
    assert ties_of(None) is None


def _decided(tie: int) -> Array:
    """Clear decisions for class 0 at all of the preset's steps, but for the step `tie`."""
    logits = np.zeros((1, PRESET.steps, 5), np.float32)
    logits[..., 0] = 1
    logits[:, tie, 1] = 1
    return logits


def _compared(other: Array, ties: Ties | None) -> Comparison:
    limits = {"logits": Limit(1e-4)}
    cases = ([{"logits": _decided(3)}], [{"logits": other}], [1])
    (found,) = compare_cases(STAGES, *cases, limits, ties)
    assert (found.reference, found.result, found.batch) == (*STAGES, 1)
    assert (verdict_of([found], 1)[0] == "same") is found.parity.ok
    return found


def test_all_steps_count_where_all_agree() -> None:
    compared = _compared(_decided(3), ties_of(PRESET))
    assert compared.parity.ok
    assert compared.parity.outputs[0].shape == (1, PRESET.steps, 5)
    assert not compared.note


def test_a_sequence_may_go_on_differently_after_a_tie() -> None:
    other = _decided(3)
    other[:, 5:] = 0.5
    compared = _compared(other, ties_of(PRESET))
    assert compared.parity.ok
    assert f"compared 4 of {PRESET.steps} steps" in compared.note
    assert not _compared(other, None).parity.ok


def test_a_difference_before_a_tie_is_one_for_every_model() -> None:
    other = _decided(3)
    other[:, 2] = 0.5
    for preset in (PRESET, find_preset("vitstr_small"), None):
        assert not _compared(other, ties_of(preset)).parity.ok
