"""`repair` of a `.keras` or `.h5` file: Keras loads it, a SavedModel comes out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigfix.errors import ConversionError, ProcessError, UsageError
from sigfix.model import OtherModel
from sigfix.packages import require_extras
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.making import Made, compare_made
from sigfix.pipeline.progress import Say
from sigfix.planning import Plan
from sigfix.planning import plan as make_plan
from sigfix.planning.file_edits import ExportKeras
from sigfix.planning.keras_file import asks_for_changes
from sigfix.reading import read

if TYPE_CHECKING:  # at run time it needs numpy, which planning does without
    from sigfix.verifying.checking import Side
    from sigfix.verifying.verdict import Verification

CHILD = "sigfix.importing.keras_child"
_STRANGE = ("Unknown layer", "Could not locate class", "cannot be found by name")
"""What Keras says of classes that are in the author's program alone."""


def refuse_untrusted(model: OtherModel, decided: Plan, options: RepairOptions) -> None:
    """Raise `BlockedError` where the file holds code (Lambda layers) and is not trusted."""
    from sigfix.importing.keras_loading import refuse_code

    require_extras("Loading a Keras file", "tf")
    refuse_code(model.code, options.trust)


def export_keras(
    model: OtherModel, decided: Plan, options: RepairOptions, place: Path, folder: Path, say: Say
) -> Made:
    """Export a Keras file into `place`, or into `folder` where changes are left to make.

    Raises `ConversionError` where Keras cannot load or save it.
    """
    from sigfix.importing.keras_loading import EXPORT
    from sigfix.processes import run_process

    edit = _export_of(decided)
    job = {
        "file": str(model.path.resolve()),
        "keras2": edit.version.startswith("2"),
        "trust": options.trust,
    }
    say(f"loading {model.path} with Keras {edit.version}: this runs it")
    changes = asks_for_changes(edit.choices)
    target = folder / "exported" if changes else place
    try:
        answer = run_process(CHILD, {**job, "export": str(target)}, options.seconds)
    except ProcessError as error:
        answer = {"error": error.reason}
    if "error" in answer:
        strange = any(text in answer["error"] for text in _STRANGE)
        raise ConversionError(
            f"Keras cannot export {model.path}: {answer['error']}", EXPORT if strange else None
        )
    if options.inputs and not changes:
        _refuse_unfit(options.inputs, answer["inputs"])
    left = None
    if changes:
        left = replace(make_plan(read(target), edit.choices), model=str(model.path))

    def compare() -> Verification:
        given = options.inputs or {}
        return compare_made(keras_side(model, decided, options), target, options, given)

    return Made(target, left, compare, target, shown=False)


def _refuse_unfit(given: dict[str, Any], wanted: list[str]) -> None:
    if sorted(given) != sorted(wanted):
        raise UsageError(
            f"--inputs holds {', '.join(sorted(given))}, and the model takes "
            f"{', '.join(sorted(wanted))}."
        )


def keras_side(model: OtherModel, decided: Plan, options: RepairOptions) -> Side:
    """What Keras itself predicts with the file, run in a process of its own."""
    from sigfix.verifying.checking import Side
    from sigfix.verifying.runners.keras import keras_file

    keras2 = _export_of(decided).version.startswith("2")
    return Side(keras_file(model.path, keras2, options.trust))


def _export_of(decided: Plan) -> ExportKeras:
    (edit,) = (item for item in decided.edits if isinstance(item, ExportKeras))
    return edit
