"""Compare the logits of decoders that feed their own decisions back.

Where the two best classes of a step are almost equal, a difference in the last digit decides
which one the next step reads, and everything after it may differ though nothing is wrong. So
each sequence is compared up to its first such step, that step included: its logits still depend
on clear decisions alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sigfix.presets import Preset
from sigfix.verifying.arrays import Array
from sigfix.verifying.comparison import Parity, compare
from sigfix.verifying.tolerances import Limit
from sigfix.wording import plural


@dataclass(frozen=True)
class Ties:
    """A decoder that feeds back: the name of its logits [batch, steps, classes], and the steps."""

    output: str
    steps: int


def ties_of(preset: Preset | None) -> Ties | None:
    """The ties of a preset that feeds its decisions back; None for any other model."""
    if preset is None or not preset.feeds_back:
        return None
    return Ties(preset.output, preset.steps)


def clear_steps(logits: Array, tolerance: float) -> list[int]:
    """How many steps of each sequence in `logits` [batch, steps, classes] can be compared.

    A step is unclear where its two largest logits are at most `tolerance`, relative to the
    range of all the logits, apart. At least one step can always be compared.
    """
    batch, steps, _ = logits.shape
    two = np.partition(logits, -2, axis=-1)[..., -2:]
    margins = two.max(axis=-1) - two.min(axis=-1)
    unclear = margins <= tolerance * float(np.ptp(logits))
    first = np.where(unclear.any(axis=1), unclear.argmax(axis=1) + 1, steps)
    return [int(first[row]) for row in range(batch)]


def compare_clear_steps(
    reference: Mapping[str, Array],
    result: Mapping[str, Array],
    ties: Ties,
    limits: Mapping[str, Limit],
    spans: Mapping[str, float] | None = None,
) -> tuple[Parity, str]:
    """`compare` the logits up to the first unclear step of each sequence, and say what was left.

    Logits of another shape than [batch, steps, classes], or that `result` lacks or has in another
    shape, are compared whole.
    """
    expected, actual = reference.get(ties.output), result.get(ties.output)
    if expected is None or actual is None or expected.ndim != 3 or actual.shape != expected.shape:
        return compare(reference, result, limits, spans), ""
    counts = clear_steps(expected, limits[ties.output].relative)
    skipped = np.arange(expected.shape[1])[None, :] >= np.array(counts)[:, None]
    compared = np.where(skipped[..., None], expected, actual)
    parity = compare(reference, {**result, ties.output: compared}, limits, spans)
    if all(count >= ties.steps for count in counts):
        return parity, ""
    return parity, (
        f"compared {sum(counts)} of {plural(ties.steps * len(counts), 'step')}: after a tie of its "
        "two best classes a sequence may go on differently"
    )
