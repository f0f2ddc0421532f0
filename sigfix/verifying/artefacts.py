"""One callable of a model in any format: a SavedModel's signature, an ONNX file, a TF.js model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sigfix.errors import NotVerifiedError
from sigfix.model import TensorSpec
from sigfix.verifying import onnx_runtime, tfjs
from sigfix.verifying.inputs import Arrays
from sigfix.verifying.signature_runs import Call, run_models
from sigfix.verifying.tensor_files import in_tfjs_dtypes

SAVED_MODEL, ONNX, TFJS = "SavedModel", "ONNX", "TensorFlow.js"


@dataclass(frozen=True)
class Artefact:
    """What can be run of a model: names and specs of its inputs and outputs.

    `key` and `tags` are a SavedModel's signature and MetaGraph.
    """

    kind: str
    path: Path
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    key: str = ""
    tags: tuple[str, ...] = ()


def run(artefact: Artefact, inputs_list: Sequence[Arrays], seconds: float) -> list[Arrays]:
    """Run an artefact for each of `inputs_list`, by its own names.

    Raises `NotVerifiedError` where it cannot be run, `ParityError` where TensorFlow.js refuses it.
    """
    if artefact.kind == ONNX:
        return onnx_runtime.run(artefact.path, inputs_list)
    if artefact.kind == TFJS:
        fed = [in_tfjs_dtypes(inputs) for inputs in inputs_list]
        names = [spec.name for spec in artefact.outputs]
        return tfjs.run(artefact.path, fed, names, time_limit=seconds).outputs
    call = Call("signature", [[inputs] for inputs in inputs_list], 1, {"key": artefact.key})
    (answer,) = run_models([(artefact.path, artefact.tags, [call])], seconds)
    if answer.error:
        raise NotVerifiedError(f"TensorFlow cannot run {artefact.path}: {answer.error}")
    found = []
    for case in answer.runs[0]:
        if case["attempt"] is None:
            raise NotVerifiedError(
                f"{artefact.path} refuses the inputs: {case['failures'][0].splitlines()[0][:300]}",
                "give inputs that the model takes with --inputs FILE.npz",
            )
        found.append(case["outputs"][0])
    return found
