"""TGT: models that a target can run, and models that it cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.diagnosis.broken_models.case import FLOAT, Aimed, Pair
from tests.diagnosis.broken_models.files import below
from tests.diagnosis.broken_models.specs import sparse_input
from tests.models import Dtype, Model, healthy

CLASSIFY, REGRESS = "tensorflow/serving/classify", "tensorflow/serving/regress"


def single(op: str, *, shape: Any = (None, 3), **attributes: Any) -> Callable[[], Model]:
    """x -> op -> y."""

    def build() -> Model:
        model = Model(empty=True)
        model.node("x", "Placeholder", dtype=FLOAT, shape=shape)
        model.node("y", op, ["x"], T=FLOAT, **attributes)
        model.signature(inputs={"x": ("x:0", "float32", shape)})
        return model

    return build


def fused(*parts: str) -> Callable[[], Model]:
    def build() -> Model:
        model = single("_FusedConv2D")()
        operators = model.meta.graph_def.node[1].attr["fused_ops"].list.s
        operators.extend(part.encode() for part in parts)
        return model

    return build


def call(method: str, inputs: list[str], outputs: list[str]) -> Callable[[], Model]:
    """A signature with these keys for a call of TensorFlow Serving."""

    def build() -> Model:
        model = Model()
        shape = (None, 3)
        model.signature(
            inputs=dict.fromkeys(inputs, ("x:0", "float32", shape)),
            outputs=dict.fromkeys(outputs, ("y:0", "float32", shape)),
            method=method,
        )
        return model

    return build


def classes_in_words() -> Model:
    """The strings of a classify call are text by what the call means."""
    model = typed("string", "classes")()
    model.meta.signature_def["serving_default"].method_name = CLASSIFY
    return model


def typed(dtype: str, output: str = "y") -> Callable[[], Model]:
    def build() -> Model:
        model = Model(empty=True)
        model.node("x", "Placeholder", dtype=Dtype(dtype), shape=(None,))
        model.node("y", "Relu", ["x"], T=Dtype(dtype))
        model.signature(
            inputs={"x": ("x:0", dtype, (None,))}, outputs={output: ("y:0", dtype, (None,))}
        )
        return model

    return build


def deep(rank: int) -> Callable[[], Model]:
    return single("Relu", _output_shapes=[(*[1] * (rank - 1), 3)])


def convolution(
    size: int | None, kernel: int, stride: int, op: str = "Conv2D", **attributes: Any
) -> Callable[[], Model]:
    """x [?, size, size, 3] -> a convolution with SAME padding, its kernel a variable -> y."""
    shape = (None, size, size, 3)

    def build() -> Model:
        model = Model(empty=True)
        model.node("x", "Placeholder", dtype=FLOAT, shape=shape)
        model.node("w", "VariableV2", dtype=FLOAT, shape=(kernel, kernel, 3, 8))
        model.node("read", "Identity", ["w"], T=FLOAT)
        strides = [1, stride, stride, 1]
        given = {"padding": "SAME", "strides": strides, "dilations": [1, 1, 1, 1], **attributes}
        model.node("y", op, ["x", "read"], T=FLOAT, **given)
        model.signature(inputs={"x": ("x:0", "float32", shape)})
        return model

    return build


def counter(*, read: bool) -> Callable[[], Model]:
    """A variable that each call counts up, and that the output is computed from, or is not."""

    def build() -> Model:
        model = Model(empty=True)
        model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
        model.node("count", "VarHandleOp", dtype=FLOAT, shape=())
        model.node("one", "Const", dtype=FLOAT)
        model.node("add", "AssignAddVariableOp", ["count", "one"], dtype=FLOAT)
        model.node("read", "ReadVariableOp", ["count", "^add"], dtype=FLOAT)
        model.node("y", "Mul", ["x", "read" if read else "x", "^add"], T=FLOAT)
        model.signature()
        return model

    return build


def looked_up(output: str) -> Callable[[], Model]:
    """A table beside the output `y`, or in front of the output `z`."""

    def build() -> Model:
        model = Model()
        model.node("table", "HashTableV2")
        model.node("z", "LookupTableFindV2", ["table", "x", "x"], Tin=FLOAT, Tout=FLOAT)
        model.signature(outputs={"out": (f"{output}:0", "float32", (None, 3))})
        return model

    return build


def class_names(op: str, dtype: str) -> Callable[[], Model]:
    """Numbers as y, and something chosen by them as `names`."""

    def build() -> Model:
        model = Model()
        model.node("all", "Const", dtype=Dtype(dtype))
        model.node("names", op, ["all", "y"], T=Dtype(dtype))
        outputs = {"y": ("y:0", "float32", (None, 3)), "names": ("names:0", dtype, (None,))}
        model.signature(outputs=outputs)
        return model

    return build


def compared(op: str, dtype: str, other: str = "second") -> Callable[[], Model]:
    """Two inputs against each other, or one against a constant."""

    def build() -> Model:
        model = Model()
        model.node("first", "Placeholder", dtype=Dtype(dtype))
        model.node("second", "Placeholder", dtype=Dtype(dtype))
        model.node("constant", "Const", dtype=Dtype(dtype))
        model.node("same", op, ["first", other], T=Dtype(dtype))
        inputs = {name: (f"{name}:0", dtype, (None,)) for name in ("first", "second")}
        model.signature(inputs=inputs, outputs={"same": ("same:0", "bool", (None,))})
        return model

    return build


matmul = {wrong: single("_FusedMatMul", transpose_b=wrong) for wrong in (True, False)}

CASES = {
    "TGT401": Pair(
        [
            Aimed("tfjs", single("Betainc")),
            Aimed("tfjs", fused("BiasAdd", "_FusedHardSwish")),
            Aimed("tflite", single("Betainc")),
        ],
        [
            Aimed("tfjs", fused("BiasAdd", "Relu")),
            Aimed("tflite", single("Relu")),
            Aimed("serving", single("Betainc")),
            single("Betainc"),
        ],
    ),
    "TGT402": Pair(
        [
            Aimed("tfjs-wasm", single("FFT")),
            Aimed("tfjs-webgpu", single("StringSplit")),
            Aimed("tfjs-node", single("DenseBincount")),
        ],
        [Aimed("tfjs-wasm", single("Einsum")), Aimed("tfjs", single("FFT"))],
    ),
    "TGT403": Pair(
        [Aimed("tfjs", single("Conv2D", data_format="NCHW"))],
        [
            Aimed("tfjs", single("Conv2D", data_format="NHWC")),
            Aimed("serving", single("Conv2D", data_format="NCHW")),
        ],
    ),
    "TGT404": Pair(
        [Aimed("tfjs", single("LoopCond"))],
        [Aimed("tflite", single("LoopCond")), Aimed("tfjs", single("SelectV2"))],
    ),
    "TGT405": Pair(
        [Aimed("tfjs-wasm", matmul[True])],
        [Aimed("tfjs-wasm", matmul[False]), Aimed("tfjs-webgl", matmul[True])],
    ),
    "TGT406": Pair(
        [
            Aimed("tfjs", typed("int64")),
            Aimed("tfjs", typed("string")),
            Aimed("tflite", typed("bfloat16")),
        ],
        [Aimed("tfjs", typed("int32")), Aimed("tflite", typed("int64"))],
    ),
    "TGT407": Pair(
        [Aimed("tfjs-webgl", deep(7))],
        [Aimed("tfjs-wasm", deep(7)), Aimed("tfjs-webgl", deep(6))],
    ),
    "TGT408": Pair(
        [Aimed("tflite", single("Cholesky"))],
        [Aimed("tflite", single("Relu")), Aimed("tflite", single("Betainc"))],
    ),
    "TGT409": Pair(
        [Aimed("serving", healthy), Aimed("serving", below("v1", inspected="v1"))],
        [Aimed("serving", below("1", inspected="1")), Aimed("serving", below("20")), healthy],
    ),
    "TGT410": Pair(
        [
            Aimed("serving", call("my/own/method", ["x"], ["y"])),
            Aimed("serving", call(CLASSIFY, ["x"], ["scores"])),
            Aimed("serving", call(CLASSIFY, ["inputs"], ["probabilities"])),
            Aimed("serving", call(REGRESS, ["inputs"], ["y"])),
        ],
        [
            Aimed("serving", call(CLASSIFY, ["inputs"], ["classes", "scores"])),
            Aimed("serving", call(REGRESS, ["inputs"], ["outputs"])),
            Aimed("serving", call("tensorflow/serving/predict", ["x"], ["y"])),
            call("my/own/method", ["x"], ["y"]),
        ],
    ),
    "TGT411": Pair(
        [Aimed("serving", typed("string"))],
        [
            Aimed("serving", typed("string", "y_bytes")),
            Aimed("serving", typed("float32")),
            Aimed("serving", classes_in_words),
        ],
    ),
    "TGT412": Pair(
        [
            Aimed("tfjs-wasm", convolution(56, 1, 2)),
            Aimed("tfjs", convolution(12, 2, 4, "DepthwiseConv2dNative")),
        ],
        [
            Aimed("tfjs-wasm", convolution(57, 1, 2)),  # the last window is the last column
            Aimed("tfjs-wasm", convolution(56, 3, 2)),
            Aimed("tfjs-wasm", convolution(56, 1, 2, padding="VALID")),
            Aimed("tfjs-wasm", convolution(57, 2, 4, dilations=[1, 4, 4, 1])),
            Aimed("tfjs-wasm", convolution(None, 1, 2)),  # depends on the image
            Aimed("tfjs-webgl", convolution(56, 1, 2)),
            Aimed("tfjs-wasm", convolution(56, 1, 2, "MaxPool")),
        ],
    ),
    "TGT413": Pair(
        [Aimed("tfjs", counter(read=True))],
        [Aimed("tfjs", counter(read=False)), Aimed("serving", counter(read=True))],
    ),
    "TGT414": Pair(
        [Aimed("tfjs", looked_up("z"))],
        [Aimed("tfjs", looked_up("y")), Aimed("tflite", looked_up("z"))],
    ),
    "TGT415": Pair(
        [
            Aimed("tfjs", class_names("SelectV2", "string")),
            Aimed("tfjs", compared("NotEqual", "string")),
            Aimed("tfjs-wasm", compared("Equal", "string")),
        ],
        [
            Aimed("tfjs", compared("Equal", "string", "constant")),
            Aimed("tfjs", compared("Equal", "float32")),
            Aimed("tfjs-webgl", compared("Equal", "string")),
            Aimed("tfjs", class_names("SelectV2", "float32")),
            Aimed("tfjs", class_names("Tile", "string")),
            Aimed("serving", class_names("SelectV2", "string")),
        ],
    ),
    "TGT416": Pair(
        [Aimed("tfjs", single("FakeQuantWithMinMaxVars"))],
        [Aimed("tflite", single("FakeQuantWithMinMaxVars")), single("FakeQuantWithMinMaxVars")],
    ),
    "TGT417": Pair(
        [Aimed("tfjs", sparse_input)],
        [Aimed("serving", sparse_input), Aimed("tfjs", healthy), sparse_input],
    ),
    "TGT418": Pair(
        [Aimed("tfjs", class_names("Exp", "complex64"))],
        [
            Aimed("tfjs", class_names("Exp", "float32")),
            Aimed("tfjs", class_names("Mul", "complex64")),
            Aimed("tfjs", class_names("SelectV2", "complex64")),
            Aimed("serving", class_names("Exp", "complex64")),
        ],
    ),
}
