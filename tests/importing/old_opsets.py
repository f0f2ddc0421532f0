"""One node for every version that operators had from opset 7 to 12, as those opsets write it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
from onnx import helper

from sigfix.importing.preflight import version_of
from sigfix.importing.supported import SUPPORTED
from tests.importing.single_node import Case, Fed

OPSETS = range(7, 13)
X, IMAGE, ROWS = Fed((2, 3, 4)), Fed((2, 4, 6, 6)), Fed((3, 4))
WHOLE, UNIT = Fed((2, 3, 4), "int64", -9, 9), Fed((2, 3, 4), lowest=-0.9, highest=0.9)
ABOVE, TRUE = Fed((2, 3, 4), lowest=1.1, highest=3), Fed((2, 3, 4), "bool")
UNARY = {
    **dict.fromkeys(
        ("Abs", "Ceil", "Cos", "Elu", "Erf", "Exp", "Floor", "HardSigmoid", "Identity", "LeakyRelu",
         "Neg", "Reciprocal", "Relu", "Round", "Selu", "Shape", "Shrink", "Sigmoid", "Sign", "Sin",
         "Size", "Softplus", "Softsign", "Tan", "Tanh", "ThresholdedRelu", "Atan", "Sinh", "Cosh",
         "Asinh", "Celu", "IsNaN", "IsInf", "Dropout", "LpNormalization", "NonZero"),
        X,
    ),
    **dict.fromkeys(("Acos", "Asin", "Atanh"), UNIT),
    **dict.fromkeys(("Acosh", "Log", "Sqrt"), ABOVE),
    "Not": TRUE, "EyeLike": Fed((3, 4), dynamic=False), "GlobalAveragePool": IMAGE,
    "GlobalMaxPool": IMAGE,
    "MeanVarianceNormalization": IMAGE,
}  # fmt: skip
BINARY = {
    **dict.fromkeys(("Add", "Div", "Mul", "Sub"), (X, np.full((1, 4), 1.5, np.float32))),
    "Pow": (ABOVE, np.array([1.5], np.float32)),
    "PRelu": (X, np.full((3, 1), 0.3, np.float32)),
    **dict.fromkeys(("Greater", "GreaterOrEqual", "Less", "LessOrEqual"), (X, UNIT)),
    "Equal": (WHOLE, Fed((2, 3, 4), "int64", -2, 2)),
    "Mod": (WHOLE, np.array([3], np.int64)),
    **dict.fromkeys(("And", "Or", "Xor"), (TRUE, TRUE)),
    **dict.fromkeys(("Max", "Mean", "Min", "Sum"), (X, UNIT)),
}
RECURRENT = {"LSTM": 4, "GRU": 3, "RNN": 1}


def _f(*values: float) -> np.ndarray[Any, Any]:
    return np.array(values, np.float32)


def _i(*values: int) -> np.ndarray[Any, Any]:
    return np.array(values, np.int64)


def _drawn(*shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(5).normal(size=shape).astype(np.float32) / 2


def _windows(name: str, opset: int) -> Iterator[Case]:
    window = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    if name == "Conv":
        yield Case(name, (IMAGE, _drawn(5, 4, 3, 3), _drawn(5)), window, opset)
        same = {"kernel_shape": [3, 3], "auto_pad": "SAME_LOWER", "strides": [2, 2]}
        yield Case(name, (IMAGE, _drawn(5, 4, 3, 3)), same, opset)
    elif name == "ConvTranspose":
        yield Case(name, (IMAGE, _drawn(4, 3, 3, 3), _drawn(3)), window, opset)
    else:
        yield Case(name, (IMAGE,), window, opset)
        if opset >= 10:
            yield Case(name, (IMAGE,), {**window, "ceil_mode": 1}, opset)
        if name == "AveragePool":
            yield Case(name, (IMAGE,), {**window, "count_include_pad": 1}, opset)


def _axes(name: str, opset: int) -> Iterator[Case]:
    axis = -1 if opset >= 11 else 2
    if name.startswith("Reduce"):
        x = ABOVE if "Log" in name else X
        yield Case(name, (x,), {"axes": [1, axis], "keepdims": 0}, opset)
        yield Case(name, (x,), {}, opset)
    elif name in ("ArgMax", "ArgMin"):
        yield Case(name, (X,), {"axis": 1, "keepdims": 0}, opset)
    elif name == "Hardmax":
        yield Case(name, (ROWS,), {}, opset)
    elif name in ("Softmax", "LogSoftmax"):
        yield Case(name, (X,), {}, opset)  # over all axes from the second on
        yield Case(name, (X,), {"axis": 2}, opset)
    elif name == "Flatten":
        yield Case(name, (IMAGE,), {"axis": -2 if opset >= 11 else 2}, opset)
    elif name == "Concat":
        yield Case(name, (X, UNIT), {"axis": axis}, opset)
    elif name == "Split":
        yield Case(name, (X,), {"axis": 1, "split": [1, 2]}, opset, outputs=2)
        yield Case(name, (X,), {"axis": axis}, opset, outputs=2)
    elif name in ("Squeeze", "Unsqueeze"):
        yield Case(name, (Fed((2, 1, 4, 1)),), {"axes": [1]}, opset)
    elif name == "Transpose":
        yield Case(name, (X,), {"perm": [0, 2, 1]}, opset)
    elif name == "Slice":
        attributes = {"starts": [1, -3], "ends": [2**31 - 1, -1], "axes": [1, 2]}
        if opset < 10:
            yield Case(name, (X,), attributes, opset)
            yield Case(name, (X,), {"starts": [0, 1], "ends": [9, 2]}, opset)
        else:
            yield Case(name, (X, *(_i(*v) for v in attributes.values()), _i(1, 1)), {}, opset)


def _places(name: str, opset: int) -> Iterator[Case]:
    fed = Fed((2, 3, 4), "int64", 0, 2.9)
    indices = np.array([[0, 2]], np.int64)
    if name == "Gather":
        yield Case(name, (X, indices), {"axis": 1}, opset)
    elif name == "GatherElements":
        yield Case(name, (X, fed), {"axis": 1}, opset)
    elif name == "GatherND":
        yield Case(name, (X, np.array([[0, 1], [1, 2]])), {}, opset)
    elif name in ("Scatter", "ScatterElements"):
        where = np.array([[[0], [2], [1]]] * 2)
        yield Case(
            name, (Fed((2, 3, 4), dynamic=False), where, _drawn(2, 3, 1)), {"axis": 2}, opset
        )
    elif name == "ScatterND":
        yield Case(name, (Fed((2, 3), dynamic=False), np.array([[1]]), _drawn(1, 3)), {}, opset)
    elif name == "OneHot":
        yield Case(name, (Fed((2, 3), "int64", 0, 4), _i(5), _f(0, 1)), {"axis": 1}, opset)
    elif name == "TopK":
        k = {"k": 2} if opset < 10 else {}
        yield Case(name, (X, *([] if k else [_i(2)])), {**k, "axis": 2}, opset, outputs=2)
    elif name == "Compress":
        yield Case(name, (X, np.array([True, False, True])), {"axis": 1}, opset)
    elif name == "ReverseSequence":
        yield Case(name, (X, _i(2, 1, 0)), {}, opset)
        yield Case(name, (X, _i(2, 3)), {"batch_axis": 0, "time_axis": 1}, opset)
    elif name == "Tile":
        yield Case(name, (X, _i(1, 2, 1)), {}, opset)
    elif name == "Expand":
        yield Case(name, (Fed((2, 1, 4)), _i(1, 3, 4)), {}, opset)
    elif name == "Where":
        yield Case(name, (TRUE, X, _f(0)), {}, opset)
    elif name == "Range":
        yield Case(name, (Fed((), "int64", 0, 2), np.array(9), np.array(2)), {}, opset)


def _others(name: str, opset: int) -> Iterator[Case]:
    channels = tuple(np.abs(_drawn(4)) + 0.5 for _ in range(4))
    if name == "BatchNormalization":
        yield Case(name, (IMAGE, *channels), {"epsilon": 1e-3}, opset)
    elif name == "InstanceNormalization":
        yield Case(name, (IMAGE, *channels[:2]), {}, opset)
    elif name == "LRN":
        yield Case(name, (IMAGE,), {"size": 3, "alpha": 0.1}, opset)
    elif name == "Cast":
        yield Case(name, (X,), {"to": 7}, opset)
    elif name == "Clip":
        attributes = {"min": -1.0, "max": 0.5} if opset < 11 else {}
        limits = () if attributes else (np.array(-1, np.float32), np.array(0.5, np.float32))
        yield Case(name, (X, *limits), attributes, opset)
        yield Case(name, (X,), {"max": 0.5} if attributes else {}, opset)
    elif name == "Constant":
        value = helper.make_tensor("v", onnx.TensorProto.FLOAT, [2], [1.5, 2.5])
        yield Case(name, (), {"value": value}, opset)
    elif name == "ConstantOfShape":
        yield Case(name, (_i(2, 3),), {}, opset)
    elif name in ("DepthToSpace", "SpaceToDepth"):
        yield Case(name, (IMAGE,), {"blocksize": 2}, opset)
    elif name == "Einsum":
        yield Case(name, (X, Fed((2, 4, 5))), {"equation": "bij,bjk->bik"}, opset)
    elif name == "CumSum":
        yield Case(name, (X, np.array(1, np.int32)), {}, opset)
    elif name == "Gemm":
        yield Case(name, (ROWS, _drawn(4, 5), _drawn(5)), {"alpha": 0.5}, opset)
        if opset >= 11:
            yield Case(name, (ROWS, _drawn(5, 4)), {"transB": 1}, opset)
    elif name == "MatMul":
        yield Case(name, (X, _drawn(4, 5)), {}, opset)
    elif name == "Pad":
        pads = [0, 0, 1, 0, 2, 1]
        if opset < 11:
            yield Case(name, (X,), {"pads": pads, "value": 1.5}, opset)
            yield Case(name, (X,), {"pads": pads, "mode": "reflect"}, opset)
        else:
            yield Case(name, (X, _i(*pads), np.array(1.5, np.float32)), {}, opset)
    elif name == "Reshape":
        yield Case(name, (X, _i(0, -1, 2)), {}, opset)
    elif name == "Resize":
        if opset < 11:
            yield Case(name, (IMAGE, _f(1, 1, 2, 1.5)), {"mode": "linear"}, opset)
            yield Case(name, (IMAGE, _f(1, 1, 2, 3)), {}, opset)
        else:
            yield Case(name, (IMAGE, _f(), _f(1, 1, 2, 1.5)), {"mode": "linear"}, opset)
    elif name == "Upsample":
        scales = {"scales": [1.0, 1.0, 2.0, 3.0]} if opset < 9 else {}
        given = () if scales else (_f(1, 1, 2, 3),)
        for mode in ("nearest", "linear"):
            yield Case(name, (IMAGE, *given), {**scales, "mode": mode}, opset)
    elif name in RECURRENT:
        gates = RECURRENT[name]
        weights = (_drawn(1, gates * 3, 4), _drawn(1, gates * 3, 3), _drawn(1, 6 * gates))
        outputs = 3 if name == "LSTM" else 2
        steps = Fed((5, 2, 4), dynamic=False)
        yield Case(name, (steps, *weights), {"hidden_size": 3}, opset, outputs)


def cases_of(name: str, opset: int) -> list[Case]:
    """The operator's node as this opset writes it, in one or two forms."""
    if name in UNARY:
        outputs = 1
        attributes = {"alpha": 1.2} if name in ("Celu", "ThresholdedRelu") else {}
        return [Case(name, (UNARY[name],), attributes, opset, outputs)]
    if name in BINARY:
        return [Case(name, BINARY[name], {}, opset)]
    if name in ("Conv", "ConvTranspose", "MaxPool", "AveragePool"):
        return list(_windows(name, opset))
    return [*_axes(name, opset), *_places(name, opset), *_others(name, opset)]


def versions() -> Iterator[tuple[str, int, int]]:
    """(operator, since-version, an opset that means it) for all that sigfix has at these opsets."""
    for name in sorted(SUPPORTED):
        seen: set[int] = set()
        for opset in OPSETS:
            version = version_of(name, opset)
            if version is not None and version not in seen:
                seen.add(version)
                yield name, version, opset
