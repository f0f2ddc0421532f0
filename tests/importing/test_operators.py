"""Every other operator of ours against ONNX Runtime, in several forms each."""

from __future__ import annotations

import numpy as np
import pytest

from sigfix.errors import ConversionError
from tests.importing.single_node import (
    Case,
    Fed,
    inputs_of,
    model_of,
    onnx_runtime_outputs,
    require_packages,
    sigfix_outputs,
    traced,
)

require_packages()

X5 = Fed((2, 4, 5, 6, 7))
X4, X3, X2 = Fed((2, 3, 4, 5)), Fed((2, 6, 4)), Fed((3, 4))
POSITIVE = Fed((2, 3, 4), lowest=0.1, highest=3.0)
BOOLS = Fed((2, 3, 4), "bool")
INTEGERS = Fed((2, 3, 4), "int64", -9, 9)
REDUCTIONS = ["Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSumExp"]


def _f(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def _i(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def _weights(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).normal(size=shape).astype(np.float32)


CASES = [
    *(
        Case(f"Reduce{name}", (X4,), {"axes": axes, "keepdims": keep})
        for name in REDUCTIONS
        for axes in ([2, 3], [1], [-1])
        for keep in (0, 1)
    ),
    *(Case(f"Reduce{name}", (X4, _i(1, -1)), {"keepdims": 0}, opset=18) for name in REDUCTIONS),
    Case("ReduceSum", (X4, _i(1, -1)), {"keepdims": 0}),
    Case("ReduceSum", (X4,), {"keepdims": 1}),
    Case("ReduceLogSum", (POSITIVE,), {"axes": [1]}),
    *(Case("Softmax", (X4,), {"axis": a}) for a in (-1, 1, 2, 3)),
    *(Case("LogSoftmax", (X3,), {"axis": a}) for a in (-1, 1)),
    *(Case("Softmax", (X3,), {"axis": a}, opset=11) for a in (1, 2)),
    *(
        Case(name, (X3,), {"axis": axis, "keepdims": keep})
        for name in ("ArgMax", "ArgMin")
        for axis in (0, -1)
        for keep in (0, 1)
    ),
    *(
        Case("CumSum", (X3, _i(a)), {"exclusive": e, "reverse": r})
        for a in (1, -1)
        for e in (0, 1)
        for r in (0, 1)
    ),
    Case("LayerNormalization", (X3, _weights(4), _weights(4))),
    Case("LayerNormalization", (X3, _weights(4)), {"epsilon": 1e-3}, outputs=3),
    Case("ArgMax", (INTEGERS,), {"axis": 1, "select_last_index": 1}),
    Case("Clip", (X4, np.array(2, np.float32), np.array(1, np.float32))),
    Case("LayerNormalization", (X3, _weights(6, 4), _weights(6, 4)), {"axis": 1}),
    *(
        Case(name, (INTEGERS, Fed((2, 3, 4), "int64", -3, 3)))
        for name in ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual")
    ),
    *(Case(name, (BOOLS, BOOLS)) for name in ("And", "Or", "Xor")),
    Case("Not", (BOOLS,)),
    Case("Pow", (POSITIVE, _f(2))),
    Case("Pow", (POSITIVE, _f(0.5, 1.5, 2.5, -1))),
    Case("Pow", (INTEGERS, _i(3))),
    Case("Where", (BOOLS, POSITIVE, _f(0))),
    Case("Where", (np.zeros((1, 4), bool), _f(-1), POSITIVE)),
    Case("Where", (np.ones((3, 1), bool), POSITIVE, POSITIVE)),
    Case("Where", (np.zeros((5, 1, 1, 1), bool), _f(-1), POSITIVE)),
    Case("Where", (Fed((2, 1, 4), "bool"), _f(1), POSITIVE)),
    Case("Expand", (Fed((2, 1, 4)), _i(1, 3, 4))),
    Case("Expand", (Fed((2, 1, 4)), _i(5, 1, 1, 4))),
    # A target that is fed, of ones: they say nothing of x's own sizes.
    Case("Expand", (Fed((3, 1), dynamic=False), Fed((3,), "int64", 1, 1.5, False))),
    Case("Tile", (X3, _i(1, 2, 3))),
    Case("Split", (X4,), {"axis": 3, "num_outputs": 2}, opset=18, outputs=2),
    Case("Split", (X4, _i(1, 2)), {"axis": 1}, outputs=2),
    Case("Split", (X3,), {"axis": 1}, outputs=3),
    Case("Cast", (X3,), {"to": 7}),
    Case("Cast", (X3,), {"to": 9}),
    Case("Cast", (BOOLS,), {"to": 1}),
    Case("CastLike", (X3, _i(1))),
    Case("CastLike", (INTEGERS, X3)),
    Case("CastLike", (_i(3, 0), BOOLS)),
    Case("Trilu", (X3,), {"upper": 0}),
    Case("Trilu", (X3, np.array(1, np.int64)), {"upper": 1}),
    Case("ScatterND", (X2, _i(0, 2).reshape(2, 1), Fed((2, 4), dynamic=False))),
    Case("Range", (Fed((), "int64", 0, 2), np.array(9, np.int64), np.array(2, np.int64))),
    *(Case(n, (X4,)) for n in ("Relu", "Sigmoid", "Tanh", "Erf", "Exp", "Softplus", "HardSwish")),
    Case("HardSigmoid", (X4,)),
    Case("HardSigmoid", (X4,), {"alpha": 1 / 6, "beta": 0.5}),
    Case("LeakyRelu", (X4,), {"alpha": 0.2}),
    Case("Clip", (X4, np.array(0, np.float32), np.array(6, np.float32))),
    Case("Clip", (X4, None, np.array(1, np.float32))),
    Case("Gather", (X3, _i(0, -1)), {"axis": 1}),
    Case("Gather", (X3, np.array(2, np.int64)), {"axis": -1}),
    Case("Slice", (X4, _i(1, -1), _i(3, -4), _i(1, 3), _i(1, -2))),
    Case("Concat", (X3, X3), {"axis": -1}),
    Case("Transpose", (X4,), {"perm": [0, 2, 3, 1]}),
    Case("Reshape", (X4, _i(0, -1, 5))),
    Case("Flatten", (X4,), {"axis": 2}),
    Case("Unsqueeze", (X2, _i(0, -1))),
    Case("Squeeze", (Fed((2, 1, 4, 1)), _i(1, -1))),
    Case("MatMul", (X3, _weights(4, 5))),
    Case("MatMul", (X4, Fed((2, 3, 5, 2)))),
    Case("Gemm", (X2, _weights(5, 4), _weights(5)), {"transB": 1, "alpha": 0.5, "beta": 2.0}),
    Case("Conv", (X4, _weights(6, 3, 3, 3), _weights(6)), {"pads": [1, 1, 1, 1]}),
    Case("Conv", (X4, _weights(6, 3, 2, 3)), {"strides": [2, 1], "pads": [1, 0, 0, 1]}),
    Case("Conv", (X4, _weights(6, 1, 3, 3)), {"group": 3, "pads": [2] * 4, "dilations": [2, 2]}),
    Case("Conv", (X3, _weights(4, 3, 3)), {"group": 2, "pads": [1, 1]}),
    Case("Conv", (X5, _weights(6, 4, 3, 3, 3) / 8, _weights(6)), {"pads": [1] * 6}),
    Case("Conv", (X5, _weights(6, 4, 2, 3, 1)), {"strides": [2, 1, 2], "pads": [1, 0, 0, 0, 2, 1]}),
    Case(
        "Conv", (X5, _weights(4, 2, 3, 3, 3), _weights(4)), {"group": 2, "auto_pad": "SAME_UPPER"}
    ),
    Case(
        "Conv", (X5, _weights(8, 1, 3, 3, 3)), {"group": 4, "pads": [2] * 6, "dilations": [2] * 3}
    ),
    Case("ConvTranspose", (X5, _weights(4, 3, 2, 2, 2), _weights(3)), {"strides": [2, 2, 2]}),
    Case("ConvTranspose", (X5, _weights(4, 3, 9, 1, 1)), {"pads": [6, 0, 0, 5, 0, 0]}),
    Case("ConvTranspose", (X5, np.zeros((4, 3, 2, 1, 1), np.float32), _weights(3))),
    Case(
        "ConvTranspose",
        (X5, _weights(4, 2, 3, 2, 3) / 4, _weights(4)),
        {"strides": [3, 1, 2], "pads": [1, 0, 1, 2, 1, 0], "group": 2, "dilations": [2, 1, 1]},
    ),
    Case("ConvTranspose", (X4, _weights(3, 2, 2, 2), _weights(2)), {"strides": [2, 2]}),
    Case(
        "ConvTranspose",
        (X4, _weights(3, 2, 3, 3)),
        {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]},
    ),
    Case("BatchNormalization", (X4, _weights(3), _weights(3), _weights(3), _f(0.5, 1, 2))),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_equals_onnx_runtime(case: Case) -> None:
    model, inputs = model_of(case), inputs_of(case)
    expected, found = onnx_runtime_outputs(model, inputs), sigfix_outputs(model, inputs)
    assert expected and list(found) == list(expected)
    for name, value in expected.items():
        assert found[name].shape == value.shape
        assert found[name].dtype == value.dtype
        np.testing.assert_allclose(found[name], value, rtol=2e-5, atol=2e-6)


def test_a_mask_that_masks_nothing_is_left_out() -> None:
    case = Case("Where", (np.zeros((1, 4), bool), _f(-1), POSITIVE))
    assert "SelectV2" not in {o.type for o in traced(model_of(case)).graph.get_operations()}


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (
            Case("BatchNormalization", (X4, *[_f(1, 2, 3)] * 4), opset=9, outputs=2),
            "training mode is not supported before opset 14",
        ),
        (
            Case(
                "ScatterND",
                tuple(Fed((9000, 1), t, dynamic=False) for t in ("float32", "int64", "float32")),
                {"reduction": "mul"},
                16,
            ),
            "so many updates",
        ),
        (Case("Conv", (Fed((1, 2, 2, 2, 2, 2)), _weights(2, 2, 1, 1, 1, 1))), "4-dimensional"),
        (
            Case("ConvTranspose", (Fed((1, 2, 2, 2, 2, 2)), _weights(2, 2, 1, 1, 1, 1))),
            "4-dimensional",
        ),
    ],
    ids=str,
)
def test_other_forms_are_refused_by_name(case: Case, words: str) -> None:
    with pytest.raises(ConversionError, match=f"{case.operator}.*{words}"):
        traced(model_of(case))
