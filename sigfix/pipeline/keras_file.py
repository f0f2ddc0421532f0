"""`repair` of a `.keras` or `.h5` file: Keras loads it, a SavedModel comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigfix.errors import BlockedError, ConversionError, ProcessError, UsageError
from sigfix.model import DEFAULT_SERVING_KEY, OtherModel, SavedModel
from sigfix.pipeline.applying import RepairOptions, compare_result, require_same, write_result
from sigfix.planning import Choices, Plan
from sigfix.planning import plan as make_plan
from sigfix.planning.edits import AliasSignature
from sigfix.planning.file_edits import ExportKeras
from sigfix.reading import read
from sigfix.temporary import temporary_folder

if TYPE_CHECKING:  # at run time it needs numpy, which planning does without
    from sigfix.verifying.verdict import Verification

CHILD = "sigfix.importing.keras_child"
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
    notes: tuple[str, ...] = (LATER,) if _asks_for_changes(choices) else ()
    if model.code:
        notes += (f"it is loaded only with --trust: {', '.join(model.code)}",)
    return Plan(str(model.path), "repairable", edits=(edit,), lost=LOST, notes=notes)


def _asks_for_changes(choices: Choices) -> bool:
    return choices != Choices()


def export_keras(
    model: OtherModel,
    decided: Plan,
    options: RepairOptions,
    place: Path,
    say: Callable[[str], None],
    show: Callable[[Plan, SavedModel], None],
) -> tuple[Verification, ...]:
    """Write the SavedModel of a Keras file to the empty directory `place`, and compare it.

    Raises `ConversionError` where Keras cannot load or save it, `BlockedError` where it holds
    code (Lambda layers) and is not trusted, `ParityError` where the numbers differ.
    """
    from sigfix.importing.keras_loading import refuse_code
    from sigfix.processes import run_process
    from sigfix.verifying.packages import require_tensorflow

    require_tensorflow("Loading a Keras file")
    refuse_code(model.code, options.trust)
    (edit,) = (item for item in decided.edits if isinstance(item, ExportKeras))
    job = {
        "file": str(model.path.resolve()),
        "keras2": edit.version.startswith("2"),
        "trust": options.trust,
    }
    say(f"loading {model.path} with Keras {edit.version}: this runs it")
    with temporary_folder() as folder:
        choices = edit.choices
        changes = _asks_for_changes(choices)
        exported = folder / "exported" if changes else place
        try:
            answer = run_process(CHILD, {**job, "export": str(exported)}, options.seconds)
        except ProcessError as error:
            answer = {"error": error.reason}
        if "error" in answer:
            raise ConversionError(f"Keras cannot export {model.path}: {answer['error']}")
        if options.inputs and not changes:
            _refuse_unfit(options.inputs, answer["inputs"])
        parity: tuple[Verification, ...] = ()
        if options.verify:
            parity = (_compare(exported, job, options),)
            require_same(parity[0], options)
        if changes:
            parity += _change(str(model.path), exported, place, choices, options, show)
    return parity


def _refuse_unfit(given: dict[str, Any], wanted: list[str]) -> None:
    if sorted(given) != sorted(wanted):
        raise UsageError(
            f"--inputs holds {', '.join(sorted(given))}, and the model takes "
            f"{', '.join(sorted(wanted))}."
        )


def _compare(exported: Path, job: dict[str, Any], options: RepairOptions) -> Verification:
    """Keras' own predictions against the signature from disk, each in its own process."""
    from sigfix.verifying.checking import Side
    from sigfix.verifying.runners.keras import keras_file
    from sigfix.verifying.signature_alias import alias_as_added
    from sigfix.verifying.signature_check import cases_for, compare_with
    from sigfix.verifying.tolerances import REPAIRED, Tolerance

    described = read(exported)
    alias = AliasSignature(DEFAULT_SERVING_KEY, DEFAULT_SERVING_KEY)
    edit = alias_as_added(described, 0, alias)
    given = options.inputs or {}
    fits = set(given) == {item.name for item in edit.inputs}  # else they are the changed model's
    cases = cases_for(edit, given if fits else None, options.seed)
    source = Side(keras_file(Path(job["file"]), job["keras2"], job["trust"]))
    tags = described.meta_graphs[0].tags
    return compare_with(source, edit, exported, tags, cases, Tolerance(REPAIRED), options.seconds)


def _change(
    name: str,
    exported: Path,
    place: Path,
    choices: Choices,
    options: RepairOptions,
    show: Callable[[Plan, SavedModel], None],
) -> tuple[Verification, ...]:
    """Apply the user's changes to the exported model."""
    described = read(exported)
    changed = replace(make_plan(described, choices), model=name)
    show(changed, described)
    if changed.verdict in ("blocked", "ambiguous"):
        raise BlockedError(changed.reason, changed.hint or None)
    write_result(described, changed, exported, place)
    return (
        () if not options.verify else compare_result(described, changed, exported, place, options)
    )
