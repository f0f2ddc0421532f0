"""`repair`: read, plan, edit, check from disk, compare, publish."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sigfix.errors import BlockedError, UsageError
from sigfix.model import OtherModel, SavedModel
from sigfix.paths import absolute, from_here
from sigfix.pipeline import staging
from sigfix.pipeline.applying import RepairOptions, RepairResult, compare_result, write_result
from sigfix.pipeline.keras_file import export_keras, plan_keras
from sigfix.pipeline.notes import nonfinite
from sigfix.pipeline.onnx_file import import_onnx
from sigfix.planning import Choices, Plan
from sigfix.planning import plan as make_plan
from sigfix.planning.onnx_file import plan_onnx
from sigfix.planning.trust import refuse_reaching, runs_of_plan
from sigfix.reading.locating import SAVED_MODEL_FILES
from sigfix.reading.opening import open_model
from sigfix.vocabularies import preset_characters

if TYPE_CHECKING:  # at run time it needs numpy, which planning does without
    from sigfix.verifying.verdict import Verification


def default_output(model: Path) -> Path:
    """`MODEL_repaired` beside MODEL; for a file, beside it and without its suffix."""
    place = absolute(model)
    if place.name in SAVED_MODEL_FILES:
        place = place.parent
    return from_here(place.with_name(f"{place.stem if place.is_file() else place.name}_repaired"))


def describe(model: Path | str) -> SavedModel | OtherModel:
    """Read what `repair` accepts: a SavedModel, a frozen graph as one, a Keras or ONNX file.

    Executes nothing. Raises `UnreadableModelError` for anything else.
    """
    return open_model(model, "repair")


def plan(model: Path | str, choices: Choices | None = None) -> Plan:
    """What `repair` would do to the model at `model`. Reads only; nothing is executed."""
    return _make_plan(describe(model), choices)


def plan_for(saved: Plan, model: SavedModel | OtherModel) -> Plan:
    """A stored plan for the model that it is applied to, wherever that lies now."""
    return replace(saved, model=str(model.path))


def repair(
    model: Path | str,
    output: Path | None = None,
    choices: Choices | None = None,
    options: RepairOptions | None = None,
    saved_plan: Plan | None = None,
    say: Callable[[str], None] = lambda message: None,
    show: Callable[[Plan, SavedModel | OtherModel], None] = lambda plan, model: None,
) -> RepairResult:
    """Repair `model` into the new directory `output` (`MODEL_repaired` beside it by default).

    A healthy model is copied only where `output` is given. `say` is told of long steps, `show`
    gets the plan before anything is written.

    Raises `BlockedError` where the plan is blocked or ambiguous, `ParityError` where the result
    differs or could not be compared (nothing is published then), `OutputError` where it cannot
    be written.
    """
    options = options or RepairOptions()
    if saved_plan is not None and choices not in (None, Choices()):
        raise UsageError("A stored plan has all that is planned; choices cannot be added to it.")
    described = describe(model)
    decided = (
        _make_plan(described, choices) if saved_plan is None else plan_for(saved_plan, described)
    )
    show(decided, described)
    if decided.verdict in ("blocked", "ambiguous"):
        raise BlockedError(decided.reason, decided.hint or None)
    if decided.verdict == "healthy" and output is None:
        return RepairResult(decided, None)
    source = described.path
    destination = output or default_output(Path(model))
    staging.refuse_places(destination, options.force, options.keep_failed, source)
    parity: tuple[Verification, ...] = ()
    if isinstance(described, OtherModel):
        with staging.publish_to(destination, options.force, options.keep_failed, source) as place:
            if described.kind == "onnx":
                parity = import_onnx(described, decided, options, place, say)
            else:
                parity = export_keras(described, decided, options, place, say, show)
            told = nonfinite(described if described.kind == "onnx" else place)
        return RepairResult(decided, destination, parity, "" if parity else "--no-verify", told)
    reason = _why_not_compared(decided, options)
    if not reason:
        _prepare_to_load(described, decided, options)
    with staging.publish_to(destination, options.force, options.keep_failed, source) as place:
        say(f"writing {destination}")
        write_result(described, decided, source, place)
        if not reason:
            say(f"loading {source} and the result with TensorFlow to compare them: this runs them")
            parity = compare_result(described, decided, source, place, options)
    return RepairResult(decided, destination, parity, reason, nonfinite(described))


def _make_plan(model: SavedModel | OtherModel, choices: Choices | None) -> Plan:
    choices = _with_vocabulary(choices or Choices())
    if isinstance(model, SavedModel):
        return make_plan(model, choices)
    return plan_onnx(model, choices) if model.kind == "onnx" else plan_keras(model, choices)


def _with_vocabulary(choices: Choices) -> Choices:
    """The choices with the characters of the preset's vocabulary, which docTR knows by name."""
    if choices.preset is None:
        return choices
    characters = preset_characters(choices.preset, choices.vocabulary or None)
    return replace(choices, vocabulary=characters)


def _why_not_compared(plan: Plan, options: RepairOptions) -> str:
    if not plan.edits:
        return "nothing was changed"
    if not options.verify:
        return "--no-verify"
    if plan.is_metadata_only and not options.run:
        return "only metadata changed; --run compares numbers too"
    return ""


def _prepare_to_load(described: SavedModel, decided: Plan, options: RepairOptions) -> None:
    """Check that the model may be run, before anything is written."""
    from sigfix.verifying.packages import require_tensorflow

    require_tensorflow("Comparing the repaired model with its source")
    hint = "--trust runs it, --no-verify repairs it without running it"
    runs = runs_of_plan(described, decided)
    refuse_reaching(described, decided.meta_graph, runs, options.trust, hint)
