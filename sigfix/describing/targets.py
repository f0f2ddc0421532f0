"""What each `--target` can run: operators, dtypes, ranks, shapes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sigfix.describing.operators import tensorflow_operators
from sigfix.errors import UsageError

_TABLES = Path(__file__).with_name("tables")

TFJS_DTYPES = frozenset({"float32", "int32", "bool", "complex64", "string", "uint8"})
"""uint8 becomes int32 without loss."""
TFLITE_DTYPES = frozenset({
    "float32", "float16", "int32", "int64", "int16", "int8", "uint8", "bool", "string",
    "complex64", "float64", "uint32", "uint64",
})  # fmt: skip

VANISHING = frozenset({
    "VarHandleOp", "ReadVariableOp", "VariableV2", "Variable", "PartitionedCall",
    "StatefulPartitionedCall", "Assert", "CheckNumerics", "PreventGradient", "_Arg", "_Retval",
    "ResourceGather", "ResourceGatherNd", "_ReadVariablesOp", "BroadcastGradientArgs",
    "DisableCopyOnRead", "Snapshot", "Case", "StatelessCase",
})  # fmt: skip
"""Operators that freezing, inlining and stripping replace by ones that TF.js has."""

EXPRESSED = frozenset({
    "AdjustContrastv2", "AdjustHue", "AdjustSaturation", "Angle", "BatchMatMulV3", "BiasAddV1",
    "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Bucketize", "CombinedNonMaxSuppression", "Conj",
    "Conv3DBackpropInputV2", "Cross", "DiagPart", "DynamicPartition", "DynamicStitch", "Einsum",
    "Erfc", "ExtractImagePatches", "FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxVars",
    "FakeQuantWithMinMaxVarsPerChannel", "HSVToRGB", "Inv", "Invert", "L2Loss", "LeftShift",
    "MatrixBandPart", "MatrixDiag", "MatrixDiagPart", "MatrixDiagPartV2", "MatrixDiagPartV3",
    "MatrixDiagV2", "MatrixDiagV3", "MatrixSetDiag", "MatrixSetDiagV2", "MatrixSetDiagV3",
    "MulNoNan", "ParallelDynamicStitch", "QuantizeAndDequantizeV2", "QuantizeAndDequantizeV3",
    "QuantizeAndDequantizeV4", "RGBToHSV", "RaggedTensorToSparse", "RaggedTensorToTensor",
    "ReluGrad", "ResizeArea", "ResizeBicubic", "ReverseSequence", "RightShift", "Rint", "Roll",
    "ScaleAndTranslate", "SegmentMax", "SegmentMean", "SegmentMin", "SegmentSum", "ShapeN",
    "SigmoidGrad", "SoftmaxCrossEntropyWithLogits", "Softsign", "SpaceToDepth",
    "SparseSegmentMeanWithNumSegments", "SparseSegmentSqrtN", "SparseSegmentSqrtNWithNumSegments",
    "SparseSegmentSumWithNumSegments", "SparseSoftmaxCrossEntropyWithLogits",
    "SparseTensorDenseMatMul", "TanhGrad", "TensorScatterAdd", "TensorScatterSub", "TruncateMod",
    "UnsortedSegmentMax", "UnsortedSegmentMin", "UnsortedSegmentProd", "UnsortedSegmentSum",
    "Xdivy", "Xlog1py", "Xlogy",
})  # fmt: skip
"""Operators that TF.js or a backend of it lacks or computes wrongly, and that `sigfix convert`
expresses in others (`optimising/expressing`)."""

TAKES_STRINGS = frozenset({
    "Placeholder", "PlaceholderWithDefault", "Const", "Identity", "IdentityN", "StopGradient",
    "Concat", "ConcatV2", "EnsureShape", "Equal", "NotEqual", "Greater", "GreaterEqual", "Less",
    "LessEqual", "ExpandDims", "Fill", "Gather", "GatherNd", "GatherV2", "Reshape",
    "Slice", "StridedSlice", "Squeeze", "SparseToDense", "Pack", "Unpack", "Tile",
    "Unique", "UniqueV2", "Shape", "ShapeN", "Size", "Rank", "StringNGrams", "StringSplit",
    "StringToHashBucketFast", "StaticRegexReplace",
    "Switch", "Merge", "Enter", "Exit", "NextIteration", "If", "StatelessIf", "While",
    "StatelessWhile", "TensorListReserve", "TensorListSetItem", "TensorListGetItem",
    "TensorListStack", "TensorListFromTensor",
})  # fmt: skip
"""TF.js's operators that take strings (`string_or_numeric` in tfjs-core's own text); the others
stop with "must be numeric tensor, but got string tensor". Constant texts that are gathered become a
table (`optimising/expressing`)."""

COMPARING = frozenset({"Equal", "NotEqual"})
"""Operators that compare strings on TF.js's cpu backend, and something else on wasm; strings with
constant ones `sigfix convert` looks up in a table."""

TAKES_COMPLEX = frozenset({
    "Placeholder", "PlaceholderWithDefault", "Const", "Identity", "IdentityN", "StopGradient",
    "Add", "AddV2", "Cast", "ComplexAbs", "Concat", "ConcatV2", "EnsureShape", "FFT", "IFFT",
    "IRFFT", "Imag", "Mul", "Rank", "Real", "Shape", "ShapeN", "Size", "Sub", "ZerosLike",
    "Switch", "Merge", "Enter", "Exit", "NextIteration", "If", "StatelessIf", "While",
    "StatelessWhile",
})  # fmt: skip
"""TF.js's operators that take complex numbers; the others stop with "complex64 tensors are not
supported", or compute with nothing."""

COMPLEX_EXPRESSED = frozenset({
    "BatchMatMulV2", "ExpandDims", "GatherV2", "MatMul", "Mean", "Neg", "Pack", "Pad", "RealDiv",
    "Reshape", "ReverseV2", "SelectV2", "Slice", "Square", "Squeeze", "StridedSlice", "Sum", "Tile",
    "Transpose",
})  # fmt: skip
"""Operators that `sigfix convert` expresses where they take complex numbers."""

IGNORED_BY_TFJS = frozenset({"FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel"})
"""Operators that TF.js's executor passes its input through."""

OF_LIBRARIES = {"SimpleML": "the npm package @tensorflow/tfjs-tfdf"}
"""Beginnings of operators that the op list has, but only another package registers in TF.js."""

UNREAD = frozenset({"BitwiseAnd", "RaggedGather", "RaggedRange", "RaggedTensorToTensor"})
"""Operators of TF.js's lists that its reader of models (4.22) leaves out (`Unknown op`), or whose
inputs it does not find."""

FUSED_PARTS = frozenset({
    "BiasAdd", "Relu", "Relu6", "Prelu", "LeakyRelu", "Sigmoid", "Elu",
})  # fmt: skip
"""What TF.js can fuse into a convolution or a matrix product."""


@dataclass(frozen=True)
class Target:
    """A runtime. `operators` is None where it has all of TensorFlow's; `backend` names TF.js's.

    `optional_operators` it has only where a larger library is linked in (TFLite's SELECT_TF_OPS).
    `expressed` are operators that it lacks and `sigfix convert` writes in others. `largest_rank` is
    0 for no limit.
    """

    name: str
    title: str
    operators: frozenset[str] | None = None
    optional_operators: frozenset[str] = frozenset()
    expressed: frozenset[str] = frozenset()
    backend: str = ""
    dtypes: frozenset[str] | None = None
    largest_rank: int = 0
    needs_static_shapes: bool = False
    needs_nhwc: bool = False
    forces_async: bool = False
    is_server: bool = False


@dataclass(frozen=True)
class TfjsTable:
    """TF.js's operators with the kernels that each needs, and the kernels of each backend."""

    kernels_of: dict[str, tuple[str, ...]]
    backends: dict[str, frozenset[str]]


@cache
def tfjs_table() -> TfjsTable:
    """The generated table (tests/tools/tfjs_operators.py)."""
    kernels, backends = {}, {}
    text = (_TABLES / "tfjs_operators.txt").read_text(encoding="ascii")
    for line in text.splitlines():
        if line.startswith("op "):
            _, name, _, *needed = line.split()
            kernels[name] = tuple(needed)
        elif line.startswith("backend "):
            _, name, *registered = line.split()
            backends[name] = frozenset(registered)
    return TfjsTable(kernels, backends)


def missing_kernels(operator: str, backend: str) -> list[str]:
    """The kernels that an operator needs and a TF.js backend does not have."""
    table = tfjs_table()
    return [
        name for name in table.kernels_of.get(operator, ()) if name not in table.backends[backend]
    ]


@cache
def tflite_table() -> dict[str, str]:
    """Operator -> `builtin`, `select` or `refused` (tests/tools/tflite_operators.py)."""
    text = (_TABLES / "tflite_operators.txt").read_text(encoding="ascii")
    rows = (line.partition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: verdict for name, _, verdict in rows}


def _tflite() -> Target:
    """TFLite; an operator that the table does not know is not held against a model."""
    verdicts = tflite_table()
    return Target(
        "tflite",
        "TFLite",
        operators=frozenset(
            name for name in tensorflow_operators() if verdicts.get(name) != "refused"
        ),
        optional_operators=frozenset(
            name for name, verdict in verdicts.items() if verdict == "select"
        ),
        dtypes=TFLITE_DTYPES,
        needs_static_shapes=True,
    )


_TFJS = {
    "tfjs": ("TensorFlow.js", "", 0),
    "tfjs-wasm": ("TensorFlow.js with the wasm backend", "wasm", 0),
    "tfjs-webgl": ("TensorFlow.js with the webgl backend", "webgl", 6),
    "tfjs-webgpu": ("TensorFlow.js with the webgpu backend", "webgpu", 6),
    "tfjs-node": ("TensorFlow.js with the tfjs-node backend", "node", 0),
}
TARGETS = (*_TFJS, "serving", "tflite")


def find_target(name: str) -> Target:
    """The target of that name. Raises `UsageError` for one that is not in `TARGETS`."""
    if name not in TARGETS:
        raise UsageError(f"There is no target {name!r}.", "targets: " + ", ".join(TARGETS))
    if name == "serving":
        return Target(name, "TensorFlow Serving", is_server=True)
    if name == "tflite":
        return _tflite()
    title, backend, rank = _TFJS[name]
    return Target(
        name,
        title,
        operators=frozenset(tfjs_table().kernels_of) - UNREAD,
        expressed=EXPRESSED,
        backend=backend,
        dtypes=TFJS_DTYPES,
        largest_rank=rank,
        needs_nhwc=True,
        forces_async=True,
    )


def is_foreign(operator: str, target: Target) -> bool:
    """Whether a plain build of the target does not have an operator that freezing leaves."""
    if target.operators is None or operator in VANISHING or operator in target.expressed:
        return False
    return operator not in target.operators or bool(library_of(operator, target))


def library_of(operator: str, target: Target) -> str:
    """The package beside TF.js that an operator needs, '' where it needs none."""
    if not target.forces_async:
        return ""
    return next((text for start, text in OF_LIBRARIES.items() if operator.startswith(start)), "")
