"""`repair` of a `.keras` or `.h5` file: Keras loads it, a SavedModel comes out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigfix.errors import BlockedError, ConversionError, ParityError, UsageError
from sigfix.model import DEFAULT_SERVING_KEY, OtherModel, SavedModel
from sigfix.planning import Choices, Plan
from sigfix.planning import plan as make_plan
from sigfix.planning.edits import AliasSignature
from sigfix.planning.file_edits import ExportKeras
from sigfix.reading import read

if TYPE_CHECKING:
    from sigfix.pipeline.repair import RepairOptions
    from sigfix.verifying.signature_parity import SignatureParity

CHILD = "sigfix.importing.keras_child"
REFERENCE = "sigfix.importing.keras_reference"
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
) -> tuple[SignatureParity, ...]:
    """Write the SavedModel of a Keras file to the empty directory `place`, and compare it.

    Raises `ConversionError` where Keras cannot load or save it, `BlockedError` where it holds
    code (Lambda layers) and is not trusted, `ParityError` where the numbers differ.
    """
    from sigfix.importing.keras_loading import refuse_code
    from sigfix.processes import run_process
    from sigfix.verifying.signature_runs import require_tensorflow

    require_tensorflow("Loading a Keras file")
    refuse_code(model.code, options.trust)
    (edit,) = (item for item in decided.edits if isinstance(item, ExportKeras))
    job = {
        "file": str(model.path.resolve()),
        "keras2": edit.version.startswith("2"),
        "trust": options.trust,
    }
    say(f"loading {model.path} with Keras {edit.version}: this runs it")
    with tempfile.TemporaryDirectory(prefix="sigfix-") as folder:
        choices = edit.choices
        changes = _asks_for_changes(choices)
        exported = Path(folder) / "exported" if changes else place
        answer = run_process(CHILD, {**job, "export": str(exported)}, options.seconds)
        if "error" in answer:
            raise ConversionError(f"Keras cannot export {model.path}: {answer['error']}")
        if options.inputs and not changes:
            _refuse_unfit(options.inputs, answer["inputs"])
        parity: tuple[SignatureParity, ...] = ()
        if options.verify:
            parity = (_compare(exported, job, options),)
        if changes:
            parity += _change(str(model.path), exported, place, choices, options, show)
    return parity


def _refuse_unfit(given: dict[str, Any], wanted: list[str]) -> None:
    if sorted(given) != sorted(wanted):
        raise UsageError(
            f"--inputs holds {', '.join(sorted(given))}, and the model takes "
            f"{', '.join(sorted(wanted))}."
        )


def _compare(exported: Path, job: dict[str, Any], options: RepairOptions) -> SignatureParity:
    """Keras' own predictions against the signature from disk, each in its own process."""
    from sigfix.processes import run_process
    from sigfix.verifying import signature_parity as parities
    from sigfix.verifying.signature_alias import alias_as_added
    from sigfix.verifying.signature_runs import Call, run_models
    from sigfix.verifying.signature_samples import attempts

    described = read(exported)
    alias = AliasSignature(DEFAULT_SERVING_KEY, DEFAULT_SERVING_KEY)
    edit = alias_as_added(described, 0, alias)
    edit = replace(edit, outputs=tuple(replace(item, source=item.name) for item in edit.outputs))
    given = options.inputs or {}
    fits = set(given) == {item.name for item in edit.inputs}  # else they are the changed model's
    cases = [[given]] if fits else attempts(edit.inputs, options.seed)
    calls = [Call(kind, cases, 1, {"key": edit.key}) for kind in ("signature", "session")]
    with ThreadPoolExecutor() as pool:
        source = pool.submit(run_process, REFERENCE, {**job, "cases": cases}, options.seconds)
        tags = described.meta_graphs[0].tags
        (result,) = run_models([(exported, tags, calls)], options.seconds)
        keras = source.result()
    if "error" in keras or result.error:
        raise ParityError(f"The model cannot be run: {keras.get('error') or result.error}")
    parity = parities.judge(edit, cases, keras["runs"], result.runs)
    if parity.verdict != parities.SAME:
        raise ParityError(
            f"{edit.key}: {parity.verdict}: {parity.reason}. Nothing was published.",
            "--inputs FILE.npz compares real inputs, --no-verify publishes it uncompared",
        )
    return replace(parity, inputs="given") if fits else parity


def _change(
    name: str,
    exported: Path,
    place: Path,
    choices: Choices,
    options: RepairOptions,
    show: Callable[[Plan, SavedModel], None],
) -> tuple[SignatureParity, ...]:
    """Apply the user's changes to the exported model."""
    from sigfix.pipeline.repair import compare_result, write_result

    described = read(exported)
    changed = replace(make_plan(described, choices), model=name)
    show(changed, described)
    if changed.verdict in ("blocked", "ambiguous"):
        raise BlockedError(changed.reason, changed.hint or None)
    write_result(described, changed, exported, place)
    return (
        () if not options.verify else compare_result(described, changed, exported, place, options)
    )
