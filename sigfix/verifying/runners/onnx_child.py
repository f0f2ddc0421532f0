"""Run an ONNX file in this process, which was started for nothing else.

`model` is `{}`, with `optimised` False or "basic" for less than all of ONNX Runtime's own
optimisations. It runs on the CPU with one thread.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime

from sigfix.verifying.runners.answering import Function, work

LEVELS = {
    False: onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    True: onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
}


def load(job: dict[str, Any]) -> list[Function]:
    """The one callable: all outputs of the file."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only: warnings are about its own optimisations
    options.graph_optimization_level = LEVELS[job["model"].get("optimised", True)]
    session = onnxruntime.InferenceSession(job["path"], options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def run(fed: dict[str, Any]) -> dict[str, Any]:
        values = session.run(names, fed)
        return {name: np.asarray(value) for name, value in zip(names, values, strict=True)}

    return [run]


if __name__ == "__main__":
    work(load)
