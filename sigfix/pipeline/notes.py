"""What a user should know of a source although nothing is wrong with the run: lines for stderr."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sigfix.describing.signature_order import inference_beside_training
from sigfix.describing.training import is_doubtful, signature_marks
from sigfix.errors import UnreadableModelError
from sigfix.model import DEFAULT_SERVING_KEY, MetaGraph, OtherModel, SavedModel, Signature
from sigfix.quoting import quote
from sigfix.reading import read_any
from sigfix.reading.weights import find_non_finite
from sigfix.wording import plural

if TYPE_CHECKING:  # at run time it needs numpy
    from sigfix.exporting.state_threading import State

_SHOWN = 3


def weight_notes(weights: str, notes: Iterable[str]) -> tuple[str, ...]:
    """What was done to make the weights in a file fit, as lines."""
    return tuple(f"note: {weights}: {text}" for text in notes)


def training_notes(meta: MetaGraph, signature: Signature) -> tuple[str, ...]:
    """A line where a signature that is converted is for training or evaluation; or ()."""
    marks = signature_marks(meta, [signature]).get(signature.key, ())
    if not marks or is_doubtful(signature.key, marks):
        return ()
    found = inference_beside_training(meta) if signature.key == DEFAULT_SERVING_KEY else None
    other = f"; --signature {quote(found.likely[0].key)} is not" if found is not None else ""
    told = f"signature {signature.key} is for training or evaluation ({', '.join(marks)}){other}"
    return (f"note: {told} (sigfix explain SIG009).",)


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


def states_kept(states: Sequence[State]) -> tuple[str, ...]:
    """A line about each state that was made an input and an output."""
    return tuple(
        f"note: {state.input} is what the model keeps from one call to the next: feed it with "
        f"{state.output} of the call before, at first with {_start(state)}."
        for state in states
    )


def _start(state: State) -> str:
    first = state.start.flat[0] if state.start.size else 0
    if (state.start == first).all():
        return f"{first:g}" if not state.start.shape else f"{first:g} everywhere"
    return "the numbers of `start` in the model's card"


def loops_left(operators: Mapping[str, int]) -> tuple[str, ...]:
    """A line where loops are left in a TF.js model, from how many operators it has; or ()."""
    number = operators.get("LoopCond", 0)
    if not number:
        return ()
    return (
        f"note: {plural(number, 'loop')} left in the graph, whose steps are not known beforehand "
        "or too many to write out: call model.executeAsync(), which is some five times slower. "
        "With a fixed length of the input the number of steps is known (docs/graph-passes.md).",
    )
