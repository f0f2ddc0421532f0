"""A converted model on TensorFlow.js's cpu backend, against ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

from sigfix.verifying.runners import tfjs
from tests.importing.single_node import onnx_runtime_outputs


def difference_on_cpu(file: Path, web: Path) -> float:
    """The largest difference, as a part of the output's range; one drawn input."""
    model = onnx.load(file)
    (value,) = model.graph.input
    sizes = [d.dim_value or 1 for d in value.type.tensor_type.shape.dim]
    random = np.random.default_rng(0)
    if value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT:
        given = random.normal(size=sizes).astype(np.float32)
    else:
        given = random.integers(0, 10, sizes)
    (wanted,) = onnx_runtime_outputs(model, {value.name: given}).values()
    fed = given if given.dtype == np.float32 else given.astype(np.int32)
    ran = tfjs.run(web, [{value.name: fed}], ["y"], backend="cpu")
    found = ran.outputs[0]["y"]
    assert found.shape == wanted.shape
    return float(np.abs(found - wanted).max() / np.ptp(wanted))
