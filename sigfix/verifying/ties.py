"""Compare the logits of decoders that feed their own decisions back.

Where the two best classes of a step are almost equal, a difference in the last digit decides
which one the next step reads, and everything after it may differ though nothing is wrong. So
each sequence is compared up to its first such step, that step included: its logits still depend
on clear decisions alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sigfix.verifying.comparison import Array, Parity, compare


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
    reference: Mapping[str, Array], result: Mapping[str, Array], output: str, tolerance: float
) -> tuple[Parity, list[int]]:
    """`compare` the logits called `output` up to the first unclear step of each sequence.

    Also returns how many steps of each sequence were compared. Logits of another shape than
    [batch, steps, classes], or that `result` lacks or has in another shape, are compared whole.
    """
    expected, actual = reference.get(output), result.get(output)
    if expected is None or actual is None or expected.ndim != 3 or actual.shape != expected.shape:
        return compare(reference, result, tolerance), []
    counts = clear_steps(expected, tolerance)
    skipped = np.arange(expected.shape[1])[None, :] >= np.array(counts)[:, None]
    compared = np.where(skipped[..., None], expected, actual)
    return compare(reference, {**result, output: compared}, tolerance), counts
