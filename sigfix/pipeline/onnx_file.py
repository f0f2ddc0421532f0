"""`repair` of an ONNX file: sigfix's operators import it, and a SavedModel comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sigfix.model import OtherModel
from sigfix.packages import require_extras
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.making import Made, compare_made
from sigfix.pipeline.progress import Say
from sigfix.planning import Plan
from sigfix.planning.file_edits import ImportOnnx
from sigfix.planning.names import by_keys, signature_keys
from sigfix.planning.onnx_file import for_imported
from sigfix.quoting import quote
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
    if edit.preset:
        compare = _import_preset(model.path, edit, target, folder, options)
    else:
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
    """Write the SavedModel as the file says; return what compares it."""
    from sigfix.importing.advice import as_command
    from sigfix.importing.onnx_opening import open_onnx
    from sigfix.importing.onnx_simplification import simplify
    from sigfix.importing.preflight import check_early

    with as_command(f"sigfix repair {quote(str(path))}"):
        opened = open_onnx(path, folder, dict(edit.sizes), dict(edit.bound))
        for note in opened.notes:
            say(note)
        check_early(opened.model)
        simplified = simplify(opened.model)
        from sigfix.importing.onnx_to_saved_model import save_onnx

        save_onnx(simplified, target)
    return lambda: _compare(opened.reference, target, options)


def _import_preset(
    path: Path, edit: ImportOnnx, target: Path, folder: Path, options: RepairOptions
) -> Callable[[], Verification]:
    """Write the SavedModel of a docTR export as the preset says; return what compares it."""
    from sigfix.pipeline.preset import finish_onnx, import_preset
    from sigfix.pipeline.preset_checks import compare_saved_model
    from sigfix.presets import find_preset

    preset = find_preset(edit.preset, edit.size, edit.raw_logits)
    finished = finish_onnx(preset, path, folder)
    import_preset(preset, finished, target)
    return lambda: compare_saved_model(preset, finished, target, options.seconds)


def _compare(onnx_file: Path, imported: Path, options: RepairOptions) -> Verification:
    from sigfix.importing.onnx_graph import graph_inputs, read_onnx
    from sigfix.verifying.checking import Side
    from sigfix.verifying.runners import onnx

    names = signature_keys(item.name for item in graph_inputs(read_onnx(onnx_file)))
    source = Side(onnx.onnx_file(onnx_file, names), onnx.by_signature_keys)
    return compare_made(source, imported, options, by_keys(options.inputs or {}, names))
