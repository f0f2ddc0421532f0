"""What a user should know of a source although nothing is wrong with the run: lines for stderr."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sigfix.errors import UnreadableModelError
from sigfix.model import OtherModel, SavedModel
from sigfix.reading import read_any
from sigfix.reading.weights import find_non_finite
from sigfix.wording import plural

_SHOWN = 3


def weight_notes(weights: str, notes: Iterable[str]) -> tuple[str, ...]:
    """What was done to make the weights in a file fit, as lines."""
    return tuple(f"note: {weights}: {text}" for text in notes)


def nonfinite(model: SavedModel | OtherModel | Path) -> tuple[str, ...]:
    """A warning where weights of a model (or of the one at a path) are NaN or infinite; or ().

    No comparison finds it: NaN is at the same places in source and result.
    """
    if isinstance(model, Path):
        try:
            model = read_any(model)
        except UnreadableModelError:  # whoever made or reads it says so
            return ()
    found = find_non_finite(model)
    if not found:
        return ()
    listed = "; ".join(map(str, found[:_SHOWN]))
    more = f"; and {plural(len(found) - _SHOWN, 'more tensor')}" if len(found) > _SHOWN else ""
    return (
        f"warning: the source has weights that are no finite numbers, and the result has them too: "
        f"{listed}{more} (sigfix explain BEH309).",
    )
