"""`repair` of an ONNX file: sigfix's operators import it, and a SavedModel comes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sigfix.model import OtherModel
from sigfix.packages import require_extras
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.making import Made, compare_made
from sigfix.pipeline.progress import Say
from sigfix.pipeline.unguessed import refuse_unguessed
from sigfix.planning import Plan
from sigfix.planning.file_edits import ImportOnnx
from sigfix.planning.names import by_keys, signature_keys
from sigfix.planning.onnx_file import for_imported
from sigfix.presets import find_preset
from sigfix.quoting import quote_path
from sigfix.reading import read

if TYPE_CHECKING:  # at run time it needs numpy, which planning does without
    from sigfix.verifying.verdict import Verification


def import_onnx(
    model: OtherModel, decided: Plan, options: RepairOptions, place: Path, folder: Path, say: Say
) -> Made:
    """Import an ONNX file into `place`, or into `folder` where changes are left to make.

    Raises `ConversionError`, naming the operator, where the file cannot be expressed in
    TensorFlow.
    """
    (edit,) = (item for item in decided.edits if isinstance(item, ImportOnnx))
    changes = tuple(item for item in decided.edits if item is not edit)
    target = folder / "imported" if changes else place
    say(f"importing {model.path} into TensorFlow")
    compare = _import(model.path, edit, target, folder, options, say)
    left = replace(decided, edits=for_imported(changes, read(target))) if changes else None
    return Made(target, left, compare, model)


def require_onnx(model: OtherModel, decided: Plan, options: RepairOptions) -> None:
    """Raise `MissingExtraError` before any work where a package is not there."""
    require_extras("Importing an ONNX file", "onnx")


def _import(
    path: Path,
    edit: ImportOnnx,
    target: Path,
    folder: Path,
    options: RepairOptions,
    say: Say,
) -> Callable[[], Verification]:
    """Write the SavedModel as the file, or its preset, says; return what compares it."""
    from sigfix.importing.commands import CommandParts, as_command
    from sigfix.pipeline.simplifying import OnnxChoice, load_simplified, simplify_file

    preset = find_preset(edit.preset, edit.size, edit.raw_logits) if edit.preset else None
    choice = OnnxChoice(
        preset, nhwc=preset is not None, sizes=dict(edit.sizes), bound=dict(edit.bound)
    )
    command = CommandParts(f"sigfix repair {quote_path(path)}", "", path, "sigfix repair {}")
    found = simplify_file(path, folder, choice, (command, command))
    for note in found.notes:
        say(note)
    if options.verify and options.inputs is None and preset is None:
        refuse_unguessed(found.finished)
    from sigfix.importing.onnx_to_saved_model import save_onnx

    with as_command(command):
        save_onnx(load_simplified(found.model), target, found.channels_last)
    if preset is not None:
        from sigfix.pipeline.preset_checks import compare_saved_model

        return lambda: compare_saved_model(preset, found.finished, target, options.seconds)
    return lambda: _compare(found.finished, found.inputs, target, options)


def _compare(
    onnx_file: Path, inputs: Sequence[str], imported: Path, options: RepairOptions
) -> Verification:
    from sigfix.verifying.checking import Side
    from sigfix.verifying.runners import onnx

    names = signature_keys(inputs)
    source = Side(onnx.onnx_file(onnx_file, names), onnx.by_signature_keys)
    return compare_made(source, imported, options, by_keys(options.inputs or {}, names))
