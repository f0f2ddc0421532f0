"""Compare two stages of one model on the same inputs, as its decoder allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sigfix.pipeline.progress import Comparison
from sigfix.presets import Preset


def compare_stage(
    stages: tuple[str, str],
    batch: int,
    reference: Mapping[str, Any],
    result: Mapping[str, Any],
    tolerance: float,
    preset: Preset | None = None,
) -> Comparison:
    """Compare what the second of `stages` computed with what the first did, at one batch size.

    Where they differ, the logits of a `preset` that feeds its decisions back are compared up to
    the first tie of each sequence (see `verifying.margins`), and the comparison's note says so.
    """
    from sigfix.verifying.comparison import compare
    from sigfix.verifying.margins import compare_clear_steps

    whole = compare(reference, result, tolerance)
    if whole.ok or preset is None or not preset.feeds_back:
        return Comparison(*stages, batch, whole)
    parity, counts = compare_clear_steps(reference, result, preset.output, tolerance)
    tied = sum(count < preset.steps for count in counts)
    note = ""
    if tied:
        note = (
            f"compared {sum(counts)} of {preset.steps * len(counts)} steps: after a tie of its "
            "two best classes a sequence may go on differently"
        )
    return Comparison(*stages, batch, parity, note)
