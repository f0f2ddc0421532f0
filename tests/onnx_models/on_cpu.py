"""A converted model on TensorFlow.js's cpu backend, against ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper

from sigfix.verifying.runners import tfjs
from tests.importing.single_node import onnx_runtime_outputs
from tests.onnx_models.measuring import difference

OPEN = {"width": 64, "steps": 7, "height": 32, "samples": 256, "rows": 8}
"""Sizes for dynamic axes, by their names; 1 for others."""


def drawn_inputs(model: onnx.ModelProto) -> dict[str, Any]:
    """One input of each: normal floats, whole numbers below ten."""
    random = np.random.default_rng(0)
    given = {i.name for i in model.graph.initializer}
    found: dict[str, Any] = {}
    for value in model.graph.input:
        if value.name in given:
            continue
        kind = value.type.tensor_type
        sizes = [d.dim_value or OPEN.get(d.dim_param, 1) for d in kind.shape.dim]
        dtype = helper.tensor_dtype_to_np_dtype(kind.elem_type)
        whole = dtype.kind in "iub"
        drawn = random.integers(0, 10, sizes) if whole else random.normal(size=sizes)
        found[value.name] = np.asarray(drawn).astype(dtype)
    return found


def difference_on_cpu(file: Path, web: Path) -> float:
    """The largest difference of an output, as a part of its range; one drawn input."""
    model = onnx.load(file)
    given = drawn_inputs(model)
    wanted = onnx_runtime_outputs(model, given)
    fed = {
        name: value.astype(np.float32 if value.dtype.kind == "f" else np.int32)
        for name, value in given.items()
    }
    ran = tfjs.run(web, [fed], list(wanted), backend="cpu")
    found = [ran.outputs[0][name].astype(np.float64) for name in wanted]
    return difference([value.astype(np.float64) for value in wanted.values()], found)
