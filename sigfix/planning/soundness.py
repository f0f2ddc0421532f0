"""What no plan may hold, whatever the model says: a plan is written, read again and applied."""

from __future__ import annotations

from sigfix.describing.weights import Fault, asset_faults, graph_faults, weight_faults
from sigfix.errors import BlockedError
from sigfix.model import SavedModel, Shape
from sigfix.planning.edits import AddSignature, Edit
from sigfix.planning.parsing import DTYPES
from sigfix.wording import plural

COPY = "if you trust it, copy it with its links resolved: cp -rL MODEL COPY"
_LARGEST = 1 << 63
"""A dimension is written as a 64-bit number."""


def strangers(model: SavedModel) -> str:
    """What lies in the model's directory and is not its own, so that it is not copied; else ''."""
    found = [item for item in model.problems if item.code == "CON209"]
    if not found:
        return ""
    more = f", and {len(found) - 1} more like it" if len(found) > 1 else ""
    return f"{found[0].location} {found[0].message}{more}; it is not followed."


def _lost(model: SavedModel) -> tuple[str, list[Fault]]:
    """What kind of parts a model lacks, and every fault of any kind."""
    kinds = {
        "weights": weight_faults(model),
        "assets": asset_faults(model),
        "graph": graph_faults(model),
    }
    first = next((kind for kind, faults in kinds.items() if faults), "")
    return first, [fault for faults in kinds.values() for fault in faults]


def lost_weights(model: SavedModel) -> str:
    """What of a model's weights, assets or graph is missing or damaged; '' where nothing is."""
    kind, faults = _lost(model)
    if not faults:
        return ""
    _, what, where = faults[0]
    more = f" (and {plural(len(faults) - 1, 'more fault')})" if len(faults) > 1 else ""
    verb = "is" if kind == "graph" else "are"
    place = "" if kind == "graph" else f" {where}:"
    return f"The model's {kind} {verb} not all there:{place} {what.rstrip('.')}{more}."


def way_to_lost(model: SavedModel) -> str:
    """How somebody comes by what a model has lost."""
    codes = {code for code, *_ in _lost(model)[1]}
    if codes == {"CON211"}:
        return "git lfs install && git lfs pull"
    return "save the model again" if codes == {"CON219"} else "copy or download the model again"


def refuse_lost_weights(model: SavedModel) -> None:
    """Raise `BlockedError` where a model that is to be run has lost weights."""
    lost = lost_weights(model)
    if lost:
        raise BlockedError(f"{lost} It cannot be run.", way_to_lost(model))


def unwritable(edits: list[Edit]) -> str:
    """Why a signature cannot be made of what the model says its tensors are; '' where it can."""
    for edit in edits:
        if not isinstance(edit, AddSignature):
            continue
        tensors = [(item.name, item.dtype, item.shape) for item in edit.inputs]
        tensors += [(item.name, item.dtype, item.shape) for item in edit.outputs]
        tensors += [(item.was, item.dtype, item.shape) for item in edit.bound]
        for name, dtype, shape in tensors:
            if dtype not in DTYPES:
                return (
                    f"{name} of {edit.key} is of the type {dtype}, which no tensor of a signature"
                    " can have."
                )
            if not _is_writable(shape):
                return f"{name} of {edit.key} has a dimension that no tensor can have."
    return ""


def _is_writable(shape: Shape) -> bool:
    return all(size is None or 0 <= size < _LARGEST for size in shape or ())
