"""ONNX files that documented commands name."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def convolution(size: int | None, path: str) -> None:
    """An image `image`, channels first, of that side, to `logits` of four channels."""
    side: list[int | str] = [size, size] if size else ["height", "width"]
    weight = np.random.default_rng(1).normal(size=(4, 3, 3, 3)).astype(np.float32)
    node = helper.make_node("Conv", ["image", "w"], ["logits"], pads=[1, 1, 1, 1])
    graph = helper.make_graph(
        [node],
        "net",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, *side])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 4, *side])],
        [numpy_helper.from_array(weight, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
