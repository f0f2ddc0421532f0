"""BatchNormalization in inference mode."""

from __future__ import annotations

from typing import Any

import numpy as np

from sigfix.importing import layout
from sigfix.importing.operators.registry import Node, onnx_operator


@onnx_operator("BatchNormalization", 7, 9, 14, 15)
def batch_normalization(node: Node, x: Any, scale: Any, bias: Any, mean: Any, variance: Any) -> Any:
    """scale * (x - mean) / sqrt(variance + epsilon) + bias, channels in axis 1."""
    if node.attributes.get("training_mode", 0) or node.output_count > 1:
        raise node.refuse("training mode is not supported; export the model in inference mode")
    constants = [
        node.constant(value, what).astype(np.float64)
        for value, what in (
            (scale, "scale"),
            (bias, "bias"),
            (mean, "mean"),
            (variance, "variance"),
        )
    ]
    gain = constants[0] / np.sqrt(constants[3] + node.attributes.get("epsilon", 1e-5))
    offset = constants[1] - constants[2] * gain
    dtype = x.dtype.as_numpy_dtype
    column = (-1,) + (1,) * (x.shape.rank - 2)
    scaled = layout.elementwise(lambda a, b: a * b, x, gain.astype(dtype).reshape(column))
    return layout.elementwise(lambda a, b: a + b, scaled, offset.astype(dtype).reshape(column))
