"""`diff`: what two models do not have in common."""

from __future__ import annotations

from pathlib import Path

from sigfix.describing.differences import Difference, compare_models
from sigfix.pipeline.given import describe_saved_model


def diff(left: Path | str, right: Path | str) -> list[Difference]:
    """The differences between two models. Reads only; nothing is executed.

    Raises `UnreadableModelError` where one is no model.
    """
    return compare_models(describe_saved_model(left), describe_saved_model(right))
