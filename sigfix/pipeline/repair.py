"""`repair`: open, plan, make a SavedModel, apply the edits, check from disk, compare, publish."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigfix.errors import BlockedError, UsageError
from sigfix.model import OtherModel, SavedModel
from sigfix.packages import require_extras
from sigfix.paths import absolute, from_here
from sigfix.pipeline import staging
from sigfix.pipeline.applying import (
    RepairOptions,
    RepairResult,
    compare_result,
    require_same,
    write_result,
)
from sigfix.pipeline.hub_folder import REPAIR_HUB, refuse_hub
from sigfix.pipeline.keras_file import export_keras, refuse_untrusted
from sigfix.pipeline.making import Made
from sigfix.pipeline.notes import nonfinite
from sigfix.pipeline.onnx_file import import_onnx, require_onnx
from sigfix.pipeline.progress import Say, silent
from sigfix.pipeline.rebuilding import save_anew
from sigfix.planning import Choices, Plan
from sigfix.planning import plan as make_plan
from sigfix.planning.file_edits import SaveAnew
from sigfix.planning.keras_file import plan_keras
from sigfix.planning.onnx_file import plan_onnx
from sigfix.planning.soundness import lost_weights
from sigfix.planning.trust import refuse_reaching, runs_of_plan
from sigfix.planning.widening import refuse_uncompared
from sigfix.reading import read
from sigfix.reading.locating import SAVED_MODEL_FILES
from sigfix.reading.opening import open_model
from sigfix.temporary import temporary_folder
from sigfix.vocabularies import preset_characters

if TYPE_CHECKING:  # at run time it needs numpy, which planning does without
    from sigfix.verifying.verdict import Verification


Show = Callable[[Plan, SavedModel | OtherModel], None]
"""Gets a plan before it is carried out, with the model that it is for."""


def default_output(model: Path) -> Path:
    """`MODEL_repaired` beside MODEL; for a file, beside it and without its suffix."""
    place = absolute(model)
    if place.name in SAVED_MODEL_FILES:
        place = place.parent
    return from_here(place.with_name(f"{place.stem if place.is_file() else place.name}_repaired"))


def describe(model: Path | str) -> SavedModel | OtherModel:
    """Read what `repair` accepts: a SavedModel, a frozen graph as one, a Keras or ONNX file.

    Executes nothing. Raises `UnreadableModelError` for anything else, `UsageError` for a folder
    of docTR's.
    """
    refuse_hub(Path(model), REPAIR_HUB)
    return open_model(model, "repair")


def plan(model: Path | str, choices: Choices | None = None) -> Plan:
    """What `repair` would do to the model at `model`. Reads only; nothing is executed."""
    return _make_plan(describe(model), choices)


def plan_for(saved: Plan, model: SavedModel | OtherModel) -> Plan:
    """A stored plan for the model that it is applied to, wherever that lies now."""
    return replace(saved, model=str(model.path))


def repair(
    model: Path | str,
    output: Path | str | None = None,
    choices: Choices | None = None,
    options: RepairOptions | None = None,
    saved_plan: Plan | None = None,
    say: Say = silent,
    show: Show = lambda plan, model: None,
) -> RepairResult:
    """Repair `model` into the new directory `output` (`MODEL_repaired` beside it by default).

    A healthy model is copied only where `output` is given. `say` is told of long steps, `show`
    gets each plan before what it plans is written.

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
    _show(decided, described, show)
    if decided.verdict == "healthy" and output is None:
        return RepairResult(decided, None)
    kind, source = _kind(described), described.path
    destination = default_output(Path(model)) if output is None else Path(output)
    staging.refuse_places(destination, options.force, options.keep_failed, source)
    kind.check(described, decided, options)
    with (
        staging.publish_to(destination, options.force, options.keep_failed, source) as place,
        temporary_folder() as folder,
    ):
        made = kind.make(described, decided, options, place, folder, say)
        parity = _compare_made(made, options, say)
        reason = _why_not_compared(made, options)
        if made.changes is not None:
            parity += _apply(made, described, reason, destination, place, options, say, show)
        told = nonfinite(made.weights)
    return RepairResult(decided, destination, parity, reason, told)


def _apply(
    made: Made,
    source: SavedModel | OtherModel,
    reason: str,
    destination: Path,
    place: Path,
    options: RepairOptions,
    say: Say,
    show: Show,
) -> tuple[Verification, ...]:
    """Apply the edits that are left, and compare with the model before them."""
    assert made.changes is not None
    same = made.same_as is None and isinstance(source, SavedModel)
    before = source if isinstance(source, SavedModel) and same else read(made.path)
    if not made.shown:
        _show(made.changes, before, show)
    say(f"writing {destination}")
    write_result(before, made.changes, made.path, place)
    if reason:
        return ()
    if made.compare is None:
        compared = made.path if made.same_as is None else source.path
        say(f"loading {compared} and the result with TensorFlow to compare them: this runs them")
    if made.same_as is not None:
        assert isinstance(source, SavedModel)
        return compare_result(source, made.same_as, source.path, place, options)
    return compare_result(before, made.changes, made.path, place, options)


def _show(decided: Plan, model: SavedModel | OtherModel, show: Show) -> None:
    """Show a plan. Raises `BlockedError` where it cannot be carried out."""
    show(decided, model)
    if decided.verdict in ("blocked", "ambiguous"):
        raise BlockedError(decided.reason, decided.hint or None)


def _compare_made(made: Made, options: RepairOptions, say: Say) -> tuple[Verification, ...]:
    """Compare a SavedModel that was made of a file with that file."""
    if made.compare is None or not options.verify:
        return ()
    say("comparing the SavedModel, read back from disk, with its source: this runs both")
    verification = made.compare()
    require_same(verification, options)
    return (verification,)


def _why_not_compared(made: Made, options: RepairOptions) -> str:
    if made.changes is not None and not made.changes.edits:
        return "nothing was changed"
    if not options.verify:
        return "--no-verify"
    metadata_only = made.changes is not None and made.changes.is_metadata_only
    asked = options.run or options.inputs is not None
    if made.compare is None and metadata_only and not asked:
        return "only metadata changed; --run compares numbers too"
    return ""


def _make_plan(model: SavedModel | OtherModel, choices: Choices | None) -> Plan:
    return _kind(model).plan(model, _with_vocabulary(choices or Choices()))


def _with_vocabulary(choices: Choices) -> Choices:
    """The choices with the characters of the preset's vocabulary, which docTR knows by name."""
    if choices.preset is None:
        return choices
    characters = preset_characters(choices.preset, choices.vocabulary or None)
    return replace(choices, vocabulary=characters)


def _prepare_to_load(model: SavedModel, decided: Plan, options: RepairOptions) -> None:
    """Check that the model may be run, where it will be, before anything is written."""
    lost = lost_weights(model)
    if lost and options.verify:
        raise BlockedError(
            f"{lost} It cannot be run, nor can what is made of it.",
            "--no-verify   # edits its metadata all the same",
        )
    anew = any(isinstance(edit, SaveAnew) for edit in decided.edits)
    refuse_uncompared(decided, options.verify)
    if not anew and _why_not_compared(Made(model.path, decided, None, model), options):
        return
    require_extras("Running the model", "tf")
    ways = "" if anew else "; --no-verify repairs it without running it"
    hint = f"--trust   # runs it{ways}"
    runs = runs_of_plan(model, decided)
    refuse_reaching(model, decided.meta_graph, runs, options.trust, hint)


def _as_it_is(
    model: SavedModel, decided: Plan, options: RepairOptions, place: Path, folder: Path, say: Say
) -> Made:
    """A SavedModel is its own source, or a copy that TensorFlow saves anew."""
    if any(isinstance(edit, SaveAnew) for edit in decided.edits):
        return save_anew(model, decided, options, folder, say)
    return Made(model.path, decided, None, model)


@dataclass(frozen=True)
class Kind:
    """A kind of source: how it is planned, what is needed to begin, how it becomes a SavedModel."""

    plan: Callable[[Any, Choices], Plan]
    check: Callable[[Any, Plan, RepairOptions], None]
    make: Callable[[Any, Plan, RepairOptions, Path, Path, Say], Made]


KINDS = {
    "SavedModel": Kind(make_plan, _prepare_to_load, _as_it_is),
    "onnx": Kind(plan_onnx, require_onnx, import_onnx),
    "keras": Kind(plan_keras, refuse_untrusted, export_keras),
}
"""What `repair` takes, by `OtherModel.kind`."""


def _kind(model: SavedModel | OtherModel) -> Kind:
    return KINDS["SavedModel" if isinstance(model, SavedModel) else model.kind]
