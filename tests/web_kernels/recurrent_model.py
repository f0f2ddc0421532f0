"""An ONNX file of two LSTM layers, one of them in both directions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

STEPS, SIZE, BOTH, FORWARD = 6, 3, 5, 8


def write_lstms(path: Path) -> Path:
    """[6, batch, 3] -> bidirectional LSTM of 5 units -> LSTM of 8 units: [6, batch, 8]."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(0)

    def weight(name: str, *shape: int) -> Any:
        return numpy_helper.from_array(random.normal(0, 0.6, shape).astype("float32"), name)

    def shape(name: str, *sizes: int) -> Any:
        return numpy_helper.from_array(np.array(sizes, np.int64), name)

    constants = [
        weight("w1", 2, 4 * BOTH, SIZE), weight("r1", 2, 4 * BOTH, BOTH), weight("b1", 2, 8 * BOTH),
        weight("w2", 1, 4 * FORWARD, 2 * BOTH), weight("r2", 1, 4 * FORWARD, FORWARD),
        weight("b2", 1, 8 * FORWARD), shape("wide", STEPS, -1, 2 * BOTH),
        shape("out", STEPS, -1, FORWARD),
    ]  # fmt: skip
    first = helper.make_node(
        "LSTM", ["x", "w1", "r1", "b1"], ["h1"], hidden_size=BOTH, direction="bidirectional"
    )
    nodes = [
        first,
        helper.make_node("Transpose", ["h1"], ["turned"], perm=[0, 2, 1, 3]),
        helper.make_node("Reshape", ["turned", "wide"], ["s1"]),
        helper.make_node("LSTM", ["s1", "w2", "r2", "b2"], ["h2"], hidden_size=FORWARD),
        helper.make_node("Reshape", ["h2", "out"], ["y"]),
    ]
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [STEPS, "batch", size])
        for name, size in (("x", SIZE), ("y", FORWARD))
    ]
    graph = helper.make_graph(nodes, "lstms", values[:1], values[1:], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)]), path)
    return path
