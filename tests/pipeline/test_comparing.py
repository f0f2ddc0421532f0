"""Which steps of a decoder are compared."""

from __future__ import annotations

import numpy as np
from sigfix.pipeline.comparing import compare_stage

from sigfix.presets import find_preset

STAGES = ("ONNX Runtime", "SavedModel")
PRESET = find_preset("sar_resnet31")


def _logits(tie: int) -> np.ndarray:
    """Clear decisions for class 0, but for the step `tie`."""
    logits = np.zeros((1, PRESET.steps, 5), np.float32)
    logits[..., 0] = 1
    logits[:, tie, 1] = 1
    return logits


def test_all_steps_count_where_all_agree() -> None:
    compared = compare_stage(
        STAGES, 1, {"logits": _logits(3)}, {"logits": _logits(3)}, 1e-4, PRESET
    )
    assert compared.parity.ok
    assert compared.parity.outputs[0].shape == (1, PRESET.steps, 5)
    assert not compared.note


def test_a_sequence_may_go_on_differently_after_a_tie() -> None:
    other = _logits(3)
    other[:, 5:] = 0.5
    compared = compare_stage(STAGES, 1, {"logits": _logits(3)}, {"logits": other}, 1e-4, PRESET)
    assert compared.parity.ok
    assert f"compared 4 of {PRESET.steps} steps" in compared.note


def test_a_difference_before_a_tie_is_one() -> None:
    other = _logits(3)
    other[:, 2] = 0.5
    for preset in (PRESET, find_preset("vitstr_small"), None):
        compared = compare_stage(STAGES, 1, {"logits": _logits(3)}, {"logits": other}, 1e-4, preset)
        assert not compared.parity.ok
