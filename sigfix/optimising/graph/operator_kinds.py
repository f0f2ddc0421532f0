"""What the passes need to know about operators, as tables."""

from __future__ import annotations

from typing import Any


def names(text: str) -> frozenset[str]:
    """Names with spaces between them, as a set."""
    return frozenset(text.split())


UNARY = names(
    "Abs Acos Acosh Asin Asinh Atan Atanh Cast Ceil ClipByValue Cos Cosh Elu Erf Exp Expm1 Floor "
    "Identity Inv IsFinite IsInf IsNan LeakyRelu Log Log1p LogicalNot Neg Reciprocal Relu Relu6 "
    "Rint Round Rsqrt Selu Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Square StopGradient Tan "
    "Tanh"
)
"""Each element of the result depends on the one element at the same place."""

BROADCASTING = names(
    "Add AddV2 Atan2 Div DivNoNan Equal FloorDiv FloorMod Greater GreaterEqual Less LessEqual "
    "LogicalAnd LogicalOr Maximum Minimum Mod Mul Multiply NotEqual Pow RealDiv SelectV2 "
    "SquaredDifference Sub TruncateDiv TruncateMod Xdivy Xlogy"
)
"""Element by element, after NumPy's broadcasting of every input."""

REDUCTIONS = names("All Any Max Mean Min Prod Sum")
"""Input, constant axes; attribute keep_dims."""

PADS = names("Pad PadV2 MirrorPad")

PRODUCTS = names("Conv2D DepthwiseConv2dNative MatMul BatchMatMulV2 Conv2DBackpropInput")
"""Linear in the data input; weights are another input."""

ACTIVATIONS = names("Relu Relu6 Elu Sigmoid")
"""What the fused kernels of every backend of TF.js (4.22) have: cpu, wasm, webgl and webgpu."""

CONTROL_FLOW = names("Switch RefSwitch Merge Enter Exit NextIteration LoopCond")

TO_BOOLEANS = names(
    "All Any Equal Greater GreaterEqual IsFinite IsInf IsNan Less LessEqual LogicalAnd LogicalNot "
    "LogicalOr NotEqual"
)
"""Operators whose result is boolean whatever they read."""

DT_FLOAT, DT_INT32, DT_COMPLEX64, DT_INT64, DT_BOOL = 1, 3, 8, 9, 10

ONE_TYPE = (frozenset((1, 2, 14, 19)), frozenset((3, 4, 5, 6, 9, 17, 22, 23)))
"""Types that are one in TF.js: float32, float64, bfloat16 and float16; int32, uint8, int16, int8,
int64, uint16, uint32 and uint64."""


def is_channels_last(node: Any) -> bool:
    """Whether a node with a data_format has its channels in the last axis."""
    return bool(node.attr["data_format"].s in (b"", b"NHWC", b"NDHWC"))


def data_type_of(node: Any) -> int:
    """TensorFlow's number for the element type of a node's first output."""
    if node.op in TO_BOOLEANS:
        return DT_BOOL
    for name in ("DstT", "output_type", "out_type", "dtype", "Tout", "T"):
        if name in node.attr and node.attr[name].type:
            return int(node.attr[name].type)
    return 1  # DT_FLOAT: ResizeBilinear and its like
