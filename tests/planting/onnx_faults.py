"""Faults in an ONNX model itself, as an import or a simplification may make them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.planting.cases import AS_IT_IS


def other_weights(model: Any) -> None:
    """The largest weights are a hundredth larger."""
    from onnx import numpy_helper

    tensor = max(model.graph.initializer, key=lambda item: numpy_helper.to_array(item).size)
    changed = numpy_helper.to_array(tensor) * np.float32(1.01)
    tensor.CopyFrom(numpy_helper.from_array(changed, tensor.name))


def outputs_swapped(model: Any) -> None:
    one, other = (output.name for output in model.graph.output)
    names = {one: other, other: one}
    for node in model.graph.node:
        node.output[:] = [names.get(name, name) for name in node.output]


FAULTS: dict[str, Callable[[Any], None]] = {
    AS_IT_IS: lambda model: None,
    "other_weights": other_weights,
    "outputs_swapped": outputs_swapped,
}
