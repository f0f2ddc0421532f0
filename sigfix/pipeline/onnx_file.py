"""`repair` of an ONNX file: sigfix's operators import it, and a SavedModel comes out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigfix.errors import MissingExtraError, NotVerifiedError, ParityError
from sigfix.model import DEFAULT_SERVING_KEY, OtherModel
from sigfix.planning import Plan
from sigfix.planning.edits import AliasSignature
from sigfix.planning.file_edits import ImportOnnx
from sigfix.planning.names import signature_keys
from sigfix.planning.onnx_file import for_imported
from sigfix.reading import read

if TYPE_CHECKING:
    from sigfix.pipeline.repair import RepairOptions
    from sigfix.verifying.signature_parity import SignatureParity

PACKAGES = ("tensorflow", "onnx", "onnxslim", "onnxruntime")


def import_onnx(
    model: OtherModel,
    decided: Plan,
    options: RepairOptions,
    place: Path,
    say: Callable[[str], None],
) -> tuple[SignatureParity, ...]:
    """Write the SavedModel of an ONNX file to the empty directory `place`, and compare it.

    Raises `ConversionError`, naming the operator, where the file cannot be expressed in
    TensorFlow, and `ParityError` where the numbers differ from ONNX Runtime's.
    """
    _require_packages()
    (edit,) = (item for item in decided.edits if isinstance(item, ImportOnnx))
    changes = tuple(item for item in decided.edits if item is not edit)
    with tempfile.TemporaryDirectory(prefix="sigfix-") as folder:
        imported = Path(folder) / "imported" if changes else place
        say(f"importing {model.path} into TensorFlow")
        parity: tuple[SignatureParity, ...] = ()
        if edit.preset:
            compare = _import_preset(model.path, edit, imported, Path(folder))
        else:
            compare = _import(model.path, imported, options)
        if options.verify:
            say("comparing the SavedModel, read back from disk, with ONNX Runtime: this runs both")
            parity = (compare(),)
        if changes:
            from sigfix.pipeline.repair import compare_result, write_result

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


def _import(path: Path, target: Path, options: RepairOptions) -> Callable[[], SignatureParity]:
    """Write the SavedModel as the file says; return what compares it."""
    from sigfix.importing.onnx_graph import read_onnx
    from sigfix.importing.onnx_simplification import simplify
    from sigfix.importing.onnx_to_saved_model import save_onnx

    save_onnx(simplify(read_onnx(path)), target)
    return lambda: _compare(path, target, options)


def _import_preset(
    path: Path, edit: ImportOnnx, target: Path, folder: Path
) -> Callable[[], SignatureParity]:
    """Write the SavedModel of a docTR export as the preset says; return what compares it."""
    from sigfix.pipeline.preset import (
        compare_saved_model,
        finish_onnx,
        import_preset,
        require_parity,
    )
    from sigfix.presets import find_preset
    from sigfix.verifying.signature_parity import SAME, SignatureParity

    preset = find_preset(edit.preset, edit.size, edit.raw_logits)
    finished = finish_onnx(preset, path, folder)
    import_preset(preset, finished, target)

    def compare() -> SignatureParity:
        found = compare_saved_model(preset, finished, target)
        require_parity(found)
        batches = tuple(item.batch for item in found)
        return SignatureParity(
            DEFAULT_SERVING_KEY,
            SAME,
            batches,
            tuple(item.parity for item in found),
            through="tf.saved_model.load",
        )

    return compare


def _compare(onnx_file: Path, imported: Path, options: RepairOptions) -> SignatureParity:
    """ONNX Runtime against the signature from disk, through both loaders."""
    from sigfix.verifying import signature_parity as parities
    from sigfix.verifying.signature_alias import alias_as_added
    from sigfix.verifying.signature_runs import Call, run_models
    from sigfix.verifying.signature_samples import attempts

    described = read(imported)
    alias = AliasSignature(DEFAULT_SERVING_KEY, DEFAULT_SERVING_KEY)
    edit = alias_as_added(described, 0, alias)
    edit = replace(edit, outputs=tuple(replace(item, source=item.name) for item in edit.outputs))
    given = options.inputs or {}
    fits = set(given) == {item.name for item in edit.inputs}
    cases = [[given]] if fits else attempts(edit.inputs, options.seed)
    calls = [Call(kind, cases, 1, {"key": edit.key}) for kind in ("signature", "session")]
    source = _run_onnx(onnx_file, cases)
    (result,) = run_models([(imported, described.meta_graphs[0].tags, calls)], options.seconds)
    if result.error:
        raise ParityError(f"The imported model cannot be run: {result.error}")
    parity = parities.judge(edit, cases, source, result.runs)
    if parity.verdict != parities.SAME:
        raise ParityError(
            f"{edit.key}: {parity.verdict}: {parity.reason}. Nothing was published.",
            "--inputs FILE.npz compares real inputs, --no-verify publishes it uncompared",
        )
    return replace(parity, inputs="given") if fits else parity


def _run_onnx(onnx_file: Path, cases: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """For each case the first inputs that ONNX Runtime accepts, and its outputs, twice."""
    from sigfix.importing.onnx_graph import graph_inputs, read_onnx
    from sigfix.verifying import onnx_runtime

    names = [item.name for item in graph_inputs(read_onnx(onnx_file))]
    found = []
    for case in cases:
        failures: list[str] = []
        answer: dict[str, Any] = {"attempt": None, "failures": failures}
        for index, given in enumerate(case):
            fed = {name: given[key] for name, key in signature_keys(names).items()}
            try:
                runs = onnx_runtime.run(onnx_file, [fed, fed])
            except NotVerifiedError as error:
                failures.append(error.message)
                continue
            outputs = [{key: run[n] for n, key in signature_keys(run).items()} for run in runs]
            answer = {"attempt": index, "outputs": outputs}
            break
        found.append(answer)
    return found
