"""Whether a quantised model is still the model that it was: what changed, against what varies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sigfix.verifying.arrays import Array, Arrays
from sigfix.verifying.tolerances import RUINED


def ruined(references: Sequence[Arrays], results: Sequence[Arrays]) -> str:
    """Why outputs count as ruined, '' where none does. Both have the same outputs and shapes.

    Each output is looked at over all inputs together, so that one input for which a model is
    unstable, such as a blank page, does not decide. Numbers are ruined where the root mean square
    of their change is more than `RUINED` of the reference's standard deviation (1 is what an
    output of nothing but the mean would have), anything else where so many elements differ.
    """
    for name in references[0]:
        before = _together(references, name)
        after = _together(results, name)
        changed = _changed(before, after)
        if not changed <= RUINED:  # NaN is ruin, too
            return (
                f"{name} changes by {changed:.2f} of what it varies by, more than {RUINED:g}, "
                "over all inputs together"
            )
    return ""


def _together(cases: Sequence[Arrays], name: str) -> Array:
    return np.concatenate([np.ravel(case[name]) for case in cases])


def _changed(before: Array, after: Array) -> float:
    if not before.size:
        return 0.0
    if before.dtype.kind not in "fcV":
        return float(np.mean(before != after))
    kind = "complex128" if before.dtype.kind == "c" else "float64"
    before, after = before.astype(kind), after.astype(kind)
    known = np.isfinite(before)
    if not known.any():
        return 0.0
    error = float(np.sqrt(np.mean(np.abs(after[known] - before[known]) ** 2)))
    spread = float(np.std(before[known]))
    scale = max(spread, 1e-3 * float(np.abs(before[known]).max())) or 1.0
    return error / scale
