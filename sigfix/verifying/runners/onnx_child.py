"""Run an ONNX file in this process, which was started for nothing else.

`model` is `{}`, with `optimised` False or "basic" for less than all of ONNX Runtime's own
optimisations, and `inner` for tensors to be given in the place of the outputs. It runs on the CPU
with one thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime

from sigfix.verifying.runners.answering import Function, work

LEVELS = {
    False: onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    True: onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
}


def _giving(path: str, names: Sequence[str]) -> bytes:
    """The file with inner tensors as its outputs."""
    import onnx

    model = onnx.load(path)
    del model.graph.output[:]
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    data: bytes = model.SerializeToString()
    return data


def load(job: dict[str, Any]) -> list[Function]:
    """The one callable: all outputs of the file."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only: warnings are about its own optimisations
    options.graph_optimization_level = LEVELS[job["model"].get("optimised", True)]
    model = job["path"]
    if inner := job["model"].get("inner"):
        model = _giving(model, inner)
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def run(fed: dict[str, Any]) -> dict[str, Any]:
        values = session.run(names, fed)
        return {name: np.asarray(value) for name, value in zip(names, values, strict=True)}

    return [run]


if __name__ == "__main__":
    work(load)
