"""One model in every format: `left` is relu(x @ one), `right` is tanh(x @ other), of one shape."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SIZE = 24
_RANDOM = np.random.default_rng(0)
LEFT, RIGHT = (_RANDOM.normal(size=(SIZE, SIZE)).astype("float32") for _ in range(2))


class Models(dict[str, Path]):
    """Name -> the model of that name, saved in `folder` when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def __missing__(self, name: str) -> Path:
        path = self.folder / f"{name}{SUFFIXES.get(name, '')}"
        SAVERS[name](path)
        self[name] = path
        return path


def save_saved_model(path: Path, signed: bool) -> None:
    import tensorflow as tf

    class Model(tf.Module):
        def __init__(self) -> None:
            self.left, self.right = tf.Variable(LEFT), tf.Variable(RIGHT)

        @tf.function(input_signature=[tf.TensorSpec([None, SIZE], tf.float32, "x")])
        def predict(self, x: Any) -> dict[str, Any]:
            return {"left": tf.nn.relu(x @ self.left), "right": tf.tanh(x @ self.right)}

    model = Model()
    tf.saved_model.save(model, str(path), signatures=model.predict if signed else {})


def save_onnx(path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes, outputs = [], []
    for name, activation in (("left", "Relu"), ("right", "Tanh")):
        nodes.append(helper.make_node("MatMul", ["x", f"{name}_weights"], [f"{name}_product"]))
        nodes.append(helper.make_node(activation, [f"{name}_product"], [name]))
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", SIZE]))
    fed = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", SIZE])
    weights = [numpy_helper.from_array(LEFT, "left_weights")]
    weights += [numpy_helper.from_array(RIGHT, "right_weights")]
    graph = helper.make_graph(nodes, "model", [fed], outputs, weights)
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)


def save_keras(path: Path) -> None:
    """Of Keras 3, its outputs by name."""
    import keras

    x = keras.Input([SIZE], name="x")
    layers = {
        name: keras.layers.Dense(SIZE, activation, use_bias=False, name=f"{name}_layer")
        for name, activation in (("left", "relu"), ("right", "tanh"))
    }
    model = keras.Model(x, {name: layer(x) for name, layer in layers.items()})
    for name, weights in (("left", LEFT), ("right", RIGHT)):
        layers[name].set_weights([weights])
    model.save(path)


def save_tfjs(path: Path) -> None:
    from sigfix import convert

    source = path.with_name("source_of_tfjs")
    save_saved_model(source, signed=True)
    convert(source, path)


SAVERS: dict[str, Callable[[Path], None]] = {
    "bare": lambda path: save_saved_model(path, signed=False),
    "signed": lambda path: save_saved_model(path, signed=True),
    "again": lambda path: save_saved_model(path, signed=True),
    "onnx": save_onnx,
    "keras": save_keras,
    "tfjs": save_tfjs,
}
SUFFIXES = {"onnx": ".onnx", "keras": ".keras"}
