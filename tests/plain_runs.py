"""Run a model for a list of inputs, through sigfix's runners: what many tests compare with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sigfix.model import DEFAULT_SERVING_KEY
from sigfix.verifying.arrays import Arrays
from sigfix.verifying.inputs.cases import Given
from sigfix.verifying.runnable import Runnable
from sigfix.verifying.runners.onnx import onnx_file
from sigfix.verifying.runners.saved_model import signature
from sigfix.verifying.running import run


def run_saved_model(
    model_dir: Path,
    inputs_list: Sequence[Arrays],
    signature_key: str = DEFAULT_SERVING_KEY,
    tags: Sequence[str] | None = None,
) -> list[Arrays]:
    """Call a signature for each of the inputs, arrays by signature key."""
    return _run(signature(model_dir, tags, signature_key), inputs_list)


def run_onnx(file: Path, inputs_list: Sequence[Arrays]) -> list[Arrays]:
    """Run an ONNX file for each of the inputs, arrays by graph input and output name."""
    return _run(onnx_file(file), inputs_list)


def _run(model: Runnable, inputs_list: Sequence[Arrays]) -> list[Arrays]:
    answers = run(model, [Given(inputs) for inputs in inputs_list])
    return [dict(case.outputs[0][0]) for case in answers.cases]
