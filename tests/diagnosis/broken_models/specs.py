"""SPC: models with and without a fault in what they declare about tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.diagnosis.broken_models.case import FLOAT, Aimed, Pair, X, Y, both_modes, objects
from tests.models import Dtype, Model, healthy


def unknown_rank() -> Model:
    model = Model(empty=True)
    model.node("x", "Placeholder", dtype=FLOAT)
    model.node("y", "Relu", ["x"], T=FLOAT)
    model.signature(inputs={"x": ("x:0", "float32", None)})
    return model


def unknown_rank_of_an_argument() -> Model:
    return objects(("__call__", ["f_1"], [("x", "float32", None)]))


def image(shape: tuple[int | None, ...]) -> Callable[[], Model]:
    def build() -> Model:
        model = Model(empty=True)
        model.node("x", "Placeholder", dtype=FLOAT, shape=shape)
        model.node("y", "Relu", ["x"], T=FLOAT)
        model.signature(inputs={"x": ("x:0", "float32", shape)})
        return model

    return build


def arguments(*values: Any) -> Callable[[], Model]:
    return lambda: objects(("__call__", ["f_1"], list(values)))


def input_called(name: str) -> Callable[[], Model]:
    def build() -> Model:
        model = Model()
        model.signature(inputs={name: ("x:0", "float32", (None, 3))})
        return model

    return build


generic_names = input_called("keras_tensor_3")


def generic_names_of_another() -> Model:
    model = generic_names()
    model.signature("encode", outputs={"output_0": ("y:0", "float32", (None, 3))})
    return model


def inputs_called(*names: str) -> Callable[[], Model]:
    def build() -> Model:
        model = Model()
        for name in names[1:]:
            model.node(name, "Placeholder", dtype=FLOAT, shape=(None, 3))
        model.signature(inputs=dict.fromkeys(names, ("x:0", "float32", (None, 3))))
        return model

    return build


def declared(dtype: str) -> Callable[[], Model]:
    """The signature says `dtype` of an input that is float32."""

    def build() -> Model:
        model = Model()
        model.signature(inputs={"x": ("x:0", dtype, (None, 3))})
        return model

    return build


def shared_tensor() -> Model:
    model = Model()
    model.signature(outputs={**Y, "z": ("y:0", "float32", (None, 3))})
    return model


def two_outputs_of_one_node() -> Model:
    model = Model(empty=True)
    model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
    model.node("y", "TopKV2", ["x"], T=FLOAT, index_type=Dtype("int32"))
    model.signature(outputs={**Y, "places": ("y:1", "int32", (None, 3))})
    return model


def output_from(tensor: str) -> Callable[[], Model]:
    def build() -> Model:
        model = Model()
        model.signature(outputs={"y": (tensor, "float32", (None, 3))})
        return model

    return build


def flag(*, used: bool) -> Callable[[], Model]:
    """A second input, which the output depends on or not."""

    def build() -> Model:
        model = Model()
        model.node("flag", "Placeholder", dtype=FLOAT, shape=())
        model.node("scaled", "Mul", ["y", "flag" if used else "y"], T=FLOAT)
        inputs = {"x": ("x:0", "float32", (None, 3)), "flag": ("flag:0", "float32", ())}
        model.signature(inputs=inputs, outputs={"y": ("scaled:0", "float32", (None, 3))})
        return model

    return build


def sparse_input() -> Model:
    model = healthy()
    for name in ("values", "indices", "dense_shape"):
        dtype = "float32" if name == "values" else "int64"
        model.node(name, "Placeholder", dtype=Dtype(dtype), shape=(None,))
    model.node("dense", "SparseToDense", ["indices", "dense_shape", "values", "x"], T=FLOAT)
    model.node("sum", "AddV2", ["y", "dense"], T=FLOAT)
    signature = model.signature(outputs={"y": ("sum:0", "float32", (None, 3))})
    info = signature.inputs["s"]
    info.dtype = 1
    info.coo_sparse.values_tensor_name = "values:0"
    info.coo_sparse.indices_tensor_name = "indices:0"
    info.coo_sparse.dense_shape_tensor_name = "dense_shape:0"
    return model


CASES = {
    "SPC101": Pair(
        [unknown_rank, unknown_rank_of_an_argument], [generic_names, image(()), arguments(X)]
    ),
    "SPC102": Pair(
        [Aimed("tflite", image((None, None, None, 3)))],
        [Aimed("tflite", image((None, 8, 8, 3))), Aimed("tfjs", image((None, None, None, 3)))],
    ),
    "SPC103": Pair([arguments(X, False), both_modes], [arguments(X)]),
    "SPC104": Pair(
        [
            generic_names,
            input_called("args_0"),
            input_called("input_1"),
            generic_names_of_another,
            inputs_called("features", "features_1"),
        ],
        [
            healthy,
            input_called("input"),
            input_called("tensorboard"),
            inputs_called("image", "mask_1"),
            inputs_called("left_1", "left_2"),
        ],
    ),
    "SPC105": Pair([declared("int32")], [declared("float32"), unknown_rank]),
    "SPC106": Pair([shared_tensor], [two_outputs_of_one_node]),
    "SPC107": Pair([output_from("softmax:0"), output_from("y")], [output_from("y:0")]),
    "SPC108": Pair([flag(used=False)], [flag(used=True), sparse_input]),
    "SPC109": Pair([sparse_input, arguments({"a": X, "b": X})], [arguments(X, False), healthy]),
}
