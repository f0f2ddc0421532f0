"""`repair` of an ONNX file: sigfix's operators import it, and a SavedModel comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sigfix.errors import MissingExtraError
from sigfix.model import DEFAULT_SERVING_KEY, OtherModel
from sigfix.pipeline.applying import RepairOptions, compare_result, require_same, write_result
from sigfix.planning import Plan
from sigfix.planning.edits import AliasSignature
from sigfix.planning.file_edits import ImportOnnx
from sigfix.planning.names import by_keys, signature_keys
from sigfix.planning.onnx_file import for_imported
from sigfix.quoting import quote
from sigfix.reading import read
from sigfix.temporary import temporary_folder

if TYPE_CHECKING:  # at run time it needs numpy, which planning does without
    from sigfix.verifying.verdict import Verification

PACKAGES = ("tensorflow", "onnx", "onnxslim", "onnxruntime")


def import_onnx(
    model: OtherModel,
    decided: Plan,
    options: RepairOptions,
    place: Path,
    say: Callable[[str], None],
) -> tuple[Verification, ...]:
    """Write the SavedModel of an ONNX file to the empty directory `place`, and compare it.

    Raises `ConversionError`, naming the operator, where the file cannot be expressed in
    TensorFlow, and `ParityError` where the numbers differ from ONNX Runtime's.
    """
    _require_packages()
    (edit,) = (item for item in decided.edits if isinstance(item, ImportOnnx))
    changes = tuple(item for item in decided.edits if item is not edit)
    with temporary_folder() as folder:
        imported = folder / "imported" if changes else place
        say(f"importing {model.path} into TensorFlow")
        parity: tuple[Verification, ...] = ()
        if edit.preset:
            compare = _import_preset(model.path, edit, imported, folder, options)
        else:
            compare = _import(model.path, edit, imported, folder, options, say)
        if options.verify:
            say("comparing the SavedModel, read back from disk, with ONNX Runtime: this runs both")
            parity = (compare(),)
            require_same(parity[0], options)
        if changes:
            described = read(imported)
            todo = replace(decided, edits=for_imported(changes, described))
            write_result(described, todo, imported, place)
            if options.verify:
                parity += compare_result(described, todo, imported, place, options)
    return parity


def _require_packages() -> None:
    from importlib.util import find_spec

    absent = [package for package in PACKAGES if find_spec(package) is None]
    if absent:
        raise MissingExtraError("Importing an ONNX file", "onnx", ", ".join(absent))


def _import(
    path: Path,
    edit: ImportOnnx,
    target: Path,
    folder: Path,
    options: RepairOptions,
    say: Callable[[str], None],
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
    """ONNX Runtime against the signature from disk, through both loaders."""
    from sigfix.importing.onnx_graph import graph_inputs, read_onnx
    from sigfix.verifying.checking import Side
    from sigfix.verifying.runners import onnx
    from sigfix.verifying.signature_alias import alias_as_added
    from sigfix.verifying.signature_check import cases_for, compare_with
    from sigfix.verifying.tolerances import REPAIRED, Tolerance

    described = read(imported)
    alias = AliasSignature(DEFAULT_SERVING_KEY, DEFAULT_SERVING_KEY)
    edit = alias_as_added(described, 0, alias)
    names = signature_keys(item.name for item in graph_inputs(read_onnx(onnx_file)))
    given = by_keys(options.inputs or {}, names)
    fits = set(given) == {item.name for item in edit.inputs}
    cases = cases_for(edit, given if fits else None, options.seed)
    source = Side(onnx.onnx_file(onnx_file, names), onnx.by_signature_keys)
    tags = described.meta_graphs[0].tags
    return compare_with(source, edit, imported, tags, cases, Tolerance(REPAIRED), options.seconds)
