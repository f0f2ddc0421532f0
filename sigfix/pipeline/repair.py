"""`repair`: read, plan, edit, check from disk, compare, publish."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigfix.errors import BlockedError, ParityError, UsageError
from sigfix.model import OtherModel, SavedModel
from sigfix.pipeline import staging
from sigfix.pipeline.keras_file import export_keras, plan_keras
from sigfix.pipeline.onnx_file import import_onnx
from sigfix.pipeline.preset import tolerance
from sigfix.planning import Choices, Plan
from sigfix.planning import plan as make_plan
from sigfix.planning.edits import AddSignature, AliasSignature, AttachSignature
from sigfix.planning.file_edits import WriteCard
from sigfix.planning.onnx_file import plan_onnx
from sigfix.planning.trust import refuse_reaching, runs_of_plan
from sigfix.presets import find_preset
from sigfix.reading import read
from sigfix.reading.locating import SAVED_MODEL_FILES
from sigfix.reading.opening import open_model

if TYPE_CHECKING:  # at run time it needs numpy, which planning does without
    from sigfix.verifying.signature_parity import SignatureParity

DEFAULT_SECONDS = 600.0
"""How long the comparison's processes may take."""

_WAYS_ON = (
    "--inputs FILE.npz compares real inputs",
    "--no-verify publishes it with its structure checked only",
)


@dataclass(frozen=True)
class RepairOptions:
    """How to repair, beside what to repair (`Choices`).

    `run` compares numbers even where only metadata changes; `verify` False compares none.
    `inputs` replaces the seeded inputs: name -> numpy array.
    """

    force: bool = False
    verify: bool = True
    run: bool = False
    trust: bool = False
    seed: int = 0
    seconds: float = DEFAULT_SECONDS
    inputs: dict[str, Any] | None = None
    keep_failed: Path | None = None


@dataclass(frozen=True)
class RepairResult:
    """What was done: the plan, where the result is (None: nothing written), the comparisons.

    `not_verified` says why no numbers were compared, '' where they were.
    """

    plan: Plan
    output: Path | None
    parity: tuple[SignatureParity, ...] = ()
    not_verified: str = ""


def default_output(model: Path) -> Path:
    """`MODEL_repaired` beside MODEL; for a file, beside it and without its suffix."""
    absolute = Path(os.path.abspath(model))  # noqa: PTH100  (resolve() would follow a link)
    if absolute.name in SAVED_MODEL_FILES:
        absolute = absolute.parent
    stem = absolute.stem if absolute.is_file() else absolute.name
    output = absolute.with_name(f"{stem}_repaired")
    here = Path.cwd()
    return output.relative_to(here) if output.is_relative_to(here) else output


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
    staging.refuse_existing(destination, options.force)
    staging.refuse_overlap(source, destination)
    parity: tuple[SignatureParity, ...] = ()
    if isinstance(described, OtherModel):
        with staging.publish_to(destination, options.force, options.keep_failed) as place:
            if described.kind == "onnx":
                parity = import_onnx(described, decided, options, place, say)
            else:
                parity = export_keras(described, decided, options, place, say, show)
        return RepairResult(decided, destination, parity, "" if parity else "--no-verify")
    reason = _why_not_compared(decided, options)
    if not reason:
        _prepare_to_load(described, decided, options)
    with staging.publish_to(destination, options.force, options.keep_failed) as place:
        say(f"writing {destination}")
        write_result(described, decided, source, place)
        if not reason:
            say(f"loading {source} and the result with TensorFlow to compare them: this runs them")
            parity = compare_result(described, decided, source, place, options)
    return RepairResult(decided, destination, parity, reason)


def _make_plan(model: SavedModel | OtherModel, choices: Choices | None) -> Plan:
    choices = _with_vocabulary(choices or Choices())
    if isinstance(model, SavedModel):
        return make_plan(model, choices)
    return plan_onnx(model, choices) if model.kind == "onnx" else plan_keras(model, choices)


def _with_vocabulary(choices: Choices) -> Choices:
    """The choices with the characters of the preset's vocabulary, which docTR knows by name."""
    preset = choices.preset
    if preset is None or not preset.is_recogniser:
        return choices
    from sigfix.importing.doctr import vocabulary_characters

    name = choices.vocabulary or preset.vocabulary
    return replace(choices, vocabulary=vocabulary_characters(name))


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
    from sigfix.verifying.signature_runs import require_tensorflow

    require_tensorflow("Comparing the repaired model with its source")
    hint = "--trust runs it, --no-verify repairs it without running it"
    runs = runs_of_plan(described, decided)
    refuse_reaching(described, decided.meta_graph, runs, options.trust, hint)


def write_result(described: SavedModel, decided: Plan, source: Path, place: Path) -> None:
    """Write the edited model, and check what is on disk against the plan."""
    from sigfix.repairing.apply import apply_plan
    from sigfix.repairing.checking import check_result

    apply_plan(decided, source, place)
    problems = check_result(described, read(place), decided)
    if problems:
        raise ParityError(
            "What was written is not what was planned: " + "; ".join(problems) + ".",
            "this is a fault of sigfix; --keep-failed DIR keeps the result for a report",
        )


def compare_result(
    described: SavedModel, decided: Plan, source: Path, place: Path, options: RepairOptions
) -> tuple[SignatureParity, ...]:
    """Compare every signature that was made. Raises `ParityError` unless all are the same."""
    from sigfix.repairing.checking import expected_tags
    from sigfix.verifying.signature_alias import alias_as_added
    from sigfix.verifying.signature_parity import SAME, compare_signature

    tags = expected_tags(described.meta_graphs[decided.meta_graph], decided)
    found = []
    for edit in decided.edits:
        if isinstance(edit, AttachSignature):
            edit = AliasSignature(edit.key, edit.key)
        if isinstance(edit, AliasSignature):
            edit = alias_as_added(described, decided.meta_graph, edit)
        if not isinstance(edit, AddSignature):
            continue
        _check_given(edit, options.inputs)
        parity = compare_signature(
            source,
            place,
            described,
            decided.meta_graph,
            tags,
            edit,
            options.seconds,
            options.seed,
            options.inputs,
            _tolerance(decided),
        )
        found.append(parity)
        if parity.verdict != SAME:
            raise ParityError(
                f"{edit.key}: {parity.verdict}: {parity.reason}. Nothing was published.",
                _kept(options)
                if parity.verdict == "different"
                else "; ".join((*decided.notes, *_WAYS_ON)),
            )
    return tuple(found)


def _kept(options: RepairOptions) -> str:
    if options.keep_failed is not None:
        return f"look at what was made, in {options.keep_failed}"
    return "--keep-failed DIR keeps the result to look at"


def _tolerance(decided: Plan) -> float:
    """What is taken for the same: a preset's own tolerance where the plan is for one."""
    from sigfix.verifying.signature_parity import TOLERANCE

    cards = (edit for edit in decided.edits if isinstance(edit, WriteCard))
    return next((tolerance(find_preset(card.preset)) for card in cards), TOLERANCE)


def _check_given(edit: AddSignature, inputs: dict[str, Any] | None) -> None:
    if inputs is None:
        return
    wanted = sorted(item.name for item in edit.inputs)
    if sorted(inputs) != wanted:
        raise UsageError(
            f"--inputs holds {', '.join(sorted(inputs)) or 'nothing'}, and {edit.key} takes "
            f"{', '.join(wanted)}."
        )
