"""BEH309: weights that are no finite numbers."""

from __future__ import annotations

from sigfix.diagnosis.subject import Findings, finding
from sigfix.model import OtherModel, SavedModel

_SHOWN = 6


def check_weights(model: SavedModel | OtherModel) -> Findings:
    """One finding for all tensors: where training diverged, they are many."""
    found = model.non_finite
    if not found:
        return
    if len(found) == 1:
        yield finding("BEH309", f"not a finite number: {found[0]}", found[0].name)
        return
    shown = tuple(map(str, found[:_SHOWN]))
    if len(found) > _SHOWN:
        shown = (*shown, f"{len(found) - _SHOWN} more")
    yield finding("BEH309", f"{len(found)} tensors hold NaN or infinity", evidence=shown)
