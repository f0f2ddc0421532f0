"""Forests as scikit-learn's converter writes them, pictures that are warped, spectra, and noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.importing.forests import FEATURES, forest
from tests.onnx_models.building import drawn, parsed

ML = "ai.onnx.ml"
CLASSES: dict[str, Any] = {"classlabels_int64s": [4, 7, 9]}


def classifier(zipped: bool = False, opset: int = 9) -> Any:
    """Scaled rows down a forest: a class and scores; `zipped`: these as dictionaries."""
    import onnx
    from onnx import TensorProto, helper

    scores = "scores" if zipped else "probabilities"
    nodes = [
        helper.make_node("Scaler", ["x"], ["scaled"], "scaler", domain=ML,
                         offset=[0.1, 0.2, 0.3, 0.4], scale=[1.0, 2.0, 3.0, 0.5]),
        helper.make_node("TreeEnsembleClassifier", ["scaled"], ["label", scores], "forest",
                         domain=ML, **CLASSES, **forest("class", trees=12, depth=5)),
    ]  # fmt: skip
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", FEATURES])
    made = onnx.ValueInfoProto(name="probabilities")
    if zipped:
        nodes.append(helper.make_node("ZipMap", [scores], [made.name], "zip", domain=ML, **CLASSES))
        kind = made.type.sequence_type.elem_type.map_type
        kind.key_type = TensorProto.INT64
        kind.value_type.tensor_type.elem_type = TensorProto.FLOAT
    else:
        made.type.CopyFrom(helper.make_tensor_type_proto(TensorProto.FLOAT, ["rows", 3]))
    label = helper.make_tensor_value_info("label", TensorProto.INT64, ["rows"])
    graph = helper.make_graph(nodes, "g", [x], [label, made])
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid(ML, 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    onnx.checker.check_model(model)
    return model


def warped(opset: int = 16) -> Any:
    """Features read where a grid says, as PyTorch's grid_sample is exported."""
    text = """g (float[batch, 3, height, width] x, float[batch, 5, 6, 2] grid) =>
        (float[batch, 4, 5, 6] y) {
        made = Conv<kernel_shape = [3, 3], pads = [1, 1, 1, 1]>(x, w)
        features = Relu(made)
        places = Tanh(grid)
        y = GridSample<mode = "bilinear", padding_mode = "zeros", align_corners = 0>(
            features, places)
    }"""
    return parsed(text, opset, {"w": drawn(1, 4, 3, 3, 3)})


def spectrum(opset: int = 17) -> Any:
    """Logarithms of the power in bands of sound of any length."""
    text = """g (float[batch, samples] sound) => (float[batch, frames, 5] y) {
        step = Constant<value = int64 {16}>()
        parts = STFT<onesided = 1>(sound, step, window)
        squares = Mul(parts, parts)
        last = Constant<value = int64[1] {-1}>()
        power = ReduceSum<keepdims = 0>(squares, last)
        bands = MatMul(power, mel)
        floored = Clip(bands, least)
        y = Log(floored)
    }"""
    weights = {
        "window": np.hanning(64).astype(np.float32), "mel": abs(drawn(2, 33, 5)),
        "least": np.array(1e-4, np.float32),
    }  # fmt: skip
    return parsed(text, opset, weights)


def noisy(opset: int = 17) -> Any:
    """A variational autoencoder's middle: a draw around what a network says."""
    text = """g (float[batch, 8] x) => (float[batch, 4] y) {
        mean = MatMul(x, w)
        spread = MatMul(x, v)
        wide = Exp(spread)
        noise = RandomNormalLike(mean)
        drawn = Mul(noise, wide)
        sample = Add(mean, drawn)
        y = Tanh(sample)
    }"""
    return parsed(text, opset, {"w": drawn(3, 8, 4), "v": drawn(4, 8, 4)})
