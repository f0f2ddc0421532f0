"""`diff`: what two models do not have in common."""

from __future__ import annotations

from pathlib import Path

from sigfix.describing.differences import Difference, compare_models
from sigfix.model import SavedModel
from sigfix.reading.opening import open_model


def diff(left: Path | str, right: Path | str) -> list[Difference]:
    """The differences between two models. Reads only; nothing is executed.

    Raises `UnreadableModelError` where one is no model.
    """
    one, other = open_model(left, "diff"), open_model(right, "diff")
    assert isinstance(one, SavedModel)
    assert isinstance(other, SavedModel)
    return compare_models(one, other)
