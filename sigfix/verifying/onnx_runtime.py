"""Run an ONNX file with ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sigfix.errors import MissingExtraError, NotVerifiedError, UnreadableModelError, first_line
from sigfix.verifying.inputs import Arrays


def run(onnx_file: Path, inputs_list: Sequence[Arrays]) -> list[Arrays]:
    """Run `onnx_file` for each of `inputs_list`, on the CPU with one thread.

    Arrays are by graph input and output name; strings are `object` arrays.

    Raises `MissingExtraError` without onnxruntime, `UnreadableModelError` for a file that it does
    not load, and `NotVerifiedError` where it cannot run the model with these inputs.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtraError("Running an ONNX file", "onnx", str(error)) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only: warnings are about its own optimisations
    try:
        session = onnxruntime.InferenceSession(
            str(onnx_file), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # its exceptions have no common base of their own
        raise UnreadableModelError(
            f"ONNX Runtime cannot load {onnx_file}: {first_line(error)}"
        ) from error
    names = [output.name for output in session.get_outputs()]
    results = []
    for inputs in inputs_list:
        try:
            values = session.run(names, inputs)
        except Exception as error:
            raise NotVerifiedError(
                f"ONNX Runtime cannot run {onnx_file} with the test inputs: {first_line(error)}",
                "give inputs that the model takes with --inputs FILE.npz",
            ) from error
        results.append({name: np.asarray(value) for name, value in zip(names, values, strict=True)})
    return results
