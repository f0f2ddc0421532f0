"""A Keras file: what becomes of it, as a plan that carries the user's choices."""

from __future__ import annotations

from sigfix.model import OtherModel
from sigfix.planning.choices import Choices
from sigfix.planning.edits import Plan
from sigfix.planning.file_edits import ExportKeras

LATER = "the changes asked for are planned once Keras has exported the model"
LOST = ("the training configuration, and Keras' own description of the layers",)


def plan_keras(model: OtherModel, choices: Choices) -> Plan:
    """What becomes of a Keras file. Reads only; Keras is not needed.

    What the file's outputs are, Keras alone can tell: changes are planned on the exported model.
    """
    layers = tuple(f"{item.name}: {item}" for item in model.inputs)
    version = dict(model.facts).get("Keras", "of unknown version")
    edit = ExportKeras(version, layers, choices=choices)
    if model.unusable:
        return Plan(str(model.path), "blocked", reason=model.unusable)
    notes: tuple[str, ...] = (LATER,) if asks_for_changes(choices) else ()
    if model.code:
        notes += (f"it is loaded only with --trust: {', '.join(model.code)}",)
    return Plan(str(model.path), "repairable", edits=(edit,), lost=LOST, notes=notes)


def asks_for_changes(choices: Choices) -> bool:
    """Whether there is anything to plan on the exported model."""
    return choices != Choices()
