"""An ONNX file: a small convolutional network with two outputs, one of an odd name."""

from __future__ import annotations

from pathlib import Path


def onnx_file(path: Path) -> None:
    """`model.onnx`: images channels first, logits and a map."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    path.mkdir()
    weights = np.random.default_rng(5).normal(size=(4, 3, 3, 3)).astype("float32")
    image = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, 8, 8])
    outputs = [
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 4]),
        helper.make_tensor_value_info("feature.map", TensorProto.FLOAT, ["n", 4, 8, 8]),
    ]
    nodes = [
        helper.make_node("Conv", ["pixels", "weights"], ["feature.map"], pads=[1, 1, 1, 1]),
        helper.make_node("GlobalAveragePool", ["feature.map"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes, "small", [image], outputs, [numpy_helper.from_array(weights, "weights")]
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path / "model.onnx")
