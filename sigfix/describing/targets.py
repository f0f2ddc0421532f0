"""What each `--target` can run: operators, dtypes, ranks, shapes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).with_name("tables") / "tfjs_operators.txt"

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
})  # fmt: skip
"""Operators that freezing, inlining and stripping replace by ones that TF.js has."""

FUSED_PARTS = frozenset({
    "BiasAdd", "Relu", "Relu6", "Prelu", "LeakyRelu", "Sigmoid", "Elu",
})  # fmt: skip
"""What TF.js can fuse into a convolution or a matrix product."""


@dataclass(frozen=True)
class Target:
    """A runtime. `operators` is None where no table of them exists; `backend` names TF.js's.

    `largest_rank` is 0 for no limit.
    """

    name: str
    title: str
    operators: frozenset[str] | None = None
    backend: str = ""
    dtypes: frozenset[str] | None = None
    largest_rank: int = 0
    needs_static_shapes: bool = False
    needs_nhwc: bool = False
    forces_async: bool = False


@dataclass(frozen=True)
class TfjsTable:
    """TF.js's operators with the kernels that each needs, and the kernels of each backend."""

    kernels_of: dict[str, tuple[str, ...]]
    backends: dict[str, frozenset[str]]


@cache
def tfjs_table() -> TfjsTable:
    """The generated table (tests/tools/tfjs_operators.py)."""
    kernels, backends = {}, {}
    for line in _TABLE.read_text(encoding="ascii").splitlines():
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


_TFJS = {
    "tfjs": ("TensorFlow.js", "", 0),
    "tfjs-wasm": ("TensorFlow.js with the wasm backend", "wasm", 0),
    "tfjs-webgl": ("TensorFlow.js with the webgl backend", "webgl", 6),
    "tfjs-webgpu": ("TensorFlow.js with the webgpu backend", "webgpu", 6),
    "tfjs-node": ("TensorFlow.js with the tfjs-node backend", "node", 0),
}
TARGETS = (*_TFJS, "serving", "tflite")


def find_target(name: str) -> Target:
    """The target of that name. Raises KeyError for one that is not in `TARGETS`."""
    if name == "serving":
        return Target(name, "TensorFlow Serving")
    if name == "tflite":
        return Target(name, "TFLite", dtypes=TFLITE_DTYPES, needs_static_shapes=True)
    title, backend, rank = _TFJS[name]
    return Target(
        name,
        title,
        operators=frozenset(tfjs_table().kernels_of),
        backend=backend,
        dtypes=TFJS_DTYPES,
        largest_rank=rank,
        needs_nhwc=True,
        forces_async=True,
    )
