"""Count the operators of model.json against what the simplified ONNX graph needs in TF.js.

The graph is the preset's ONNX file as onnxslim simplifies it with every size fixed: the smallest
graph that a simplifier makes of it. The batch is two, for at batch 1 some transposes are reshapes,
which they are not in a model for any batch. `operator_costs.txt` has the cost of each operator.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

COSTS = Path(__file__).with_name("operator_costs.txt")
NOT_COUNTED = {"Const", "Placeholder"}
LINEAR = {"Conv", "Gemm", "MatMul"}
PASSING = {"Mul", "GlobalAveragePool", "ReduceMean", "Reshape", "Flatten", "Squeeze"}
"""Through these a constant factor reaches the weights that follow."""
FIRST_STEP_SAVES = 4
BATCH = 2
LARGE_HEAD = 100_000
"""Multiplications."""


@dataclass(frozen=True)
class Need:
    """What a graph needs: operators in all, and Transposes among them."""

    operators: int
    transposes: int


@cache
def costs() -> dict[str, dict[str, int]]:
    """Operator -> case -> count, from the table."""
    found: dict[str, dict[str, int]] = {}
    for line in COSTS.read_text("ascii").splitlines():
        if line and not line.startswith("#"):
            operator, case, count = line.split()[:3]
            found.setdefault(operator, {})[case] = int(count)
    return found


def measure(name: str, folder: Path) -> dict[str, Any]:
    """The numbers of one preset, its files being in `folder` (see `stages.build`)."""
    import onnx
    import onnxslim

    from sigfix.pipeline.preset import finish_onnx
    from tests.matrix import stages

    preset = stages.options_of(name).preset(name)
    file = finish_onnx(preset, folder / f"{name}.onnx", folder)
    shape = f"input:{BATCH},3,{preset.height},{preset.width}"
    graph: Any = onnxslim.slim(onnx.load(file), input_shapes=[shape])
    need = needed(graph)
    counts = tfjs_operators(folder / "tfjs" / "model.json")
    operators, transposes = sum(counts.values()), counts.get("Transpose", 0)
    return {
        "onnx_nodes": len(graph.graph.node),
        "onnx": dict(Counter(node.op_type for node in graph.graph.node).most_common()),
        "allowed": need.operators,
        "operators": operators,
        "tfjs": counts,
        "transposes_allowed": need.transposes,
        "transposes": transposes,
        "within": operators <= need.operators and transposes <= need.transposes,
    }


def tfjs_operators(model_json: Path) -> dict[str, int]:
    """Operators of a TF.js graph model by name, constants and placeholders left out."""
    nodes = json.loads(model_json.read_text("utf-8"))["modelTopology"]["node"]
    found = Counter(node["op"] for node in nodes if node["op"] not in NOT_COUNTED)
    return dict(found.most_common())


def needed(model: Any) -> Need:
    """What a simplified ONNX model needs in TF.js; `ValueError` for an operator not in the table.

    Transposes are the source's own, the interleaves of transposed convolutions, and the keys of
    each head of an attention.
    """
    context = _Context(model)
    operators = transposes = 0
    for node in model.graph.node:
        operators += _cost(node, context)
        if node.op_type == "Transpose" or (node.op_type == "ConvTranspose" and _is_strided(node)):
            transposes += 1
        if _has_large_heads(node, context) and _turns_keys(node, context):
            transposes += context.shapes[node.output[0]][1]
    return Need(operators, transposes)


class _Context:
    """Who makes and who reads each tensor of a graph, and its shape."""

    def __init__(self, model: Any) -> None:
        graph = model.graph
        self.constants = {i.name for i in graph.initializer}
        self.producer = {name: node for node in graph.node for name in node.output}
        self.readers: dict[str, list[Any]] = {}
        for node in graph.node:
            for name in node.input:
                self.readers.setdefault(name, []).append(node)
        self.outputs = {value.name for value in graph.output}
        values = [*graph.input, *graph.output, *graph.value_info]
        self.shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in values}

    def is_linear(self, node: Any) -> bool:
        """Whether a node multiplies with constant weights, into which constants can go."""
        return node.op_type in LINEAR and any(i in self.constants for i in node.input)


def _cost(node: Any, context: _Context) -> int:
    cases = costs().get(node.op_type)
    if cases is None:
        raise ValueError(f"{COSTS.name} says nothing of {node.op_type}")
    if node.op_type == "LSTM":
        steps = context.shapes[node.input[0]][0]
        return cases["-"] + cases["step"] * steps - FIRST_STEP_SAVES
    if _has_large_heads(node, context):
        return cases["heads"] * context.shapes[node.output[0]][1]
    return next(
        n for case, n in cases.items() if case in _APPLIES and _APPLIES[case](node, context)
    )


def _after_linear(node: Any, context: _Context) -> bool:
    before = context.producer.get(node.input[0])
    return (
        before is not None
        and (context.is_linear(before) or before.op_type == "ConvTranspose")
        and len(context.readers[node.input[0]]) == 1
        and node.input[0] not in context.outputs
    )


def _before_linear(node: Any, context: _Context) -> bool:
    """Whether every way from the node's output leads to constant weights."""
    waiting, seen = [node.output[0]], set()
    while waiting:
        name = waiting.pop()
        if name in context.outputs or name not in context.readers:
            return False
        for reader in context.readers[name]:
            if context.is_linear(reader):
                continue
            if reader.op_type not in PASSING or reader.output[0] in seen:
                return False
            seen.add(reader.output[0])
            waiting.append(reader.output[0])
    return True


def _attribute(node: Any, name: str) -> list[int]:
    return next((list(a.ints) for a in node.attribute if a.name == name), [])


def _is_strided(node: Any) -> bool:
    return any(stride > 1 for stride in _attribute(node, "strides"))


def _has_large_heads(node: Any, context: _Context) -> bool:
    """Whether it is one of the two large products [B, H, N, K] x [B, H, K, M] of an attention."""
    if node.op_type != "MatMul" or any(name in context.constants for name in node.input):
        return False
    left, product = (context.shapes.get(name, []) for name in (node.input[0], node.output[0]))
    if len(product) != 4 or product[0] != BATCH or product[1] == 1:
        return False
    return left[3] * product[2] * product[3] >= LARGE_HEAD


def _turns_keys(node: Any, context: _Context) -> bool:
    before = context.producer.get(node.input[1])
    return (
        before is not None and before.op_type == "Transpose" and _attribute(before, "perm")[-1] != 3
    )


_APPLIES: Mapping[str, Any] = {
    "after-linear": _after_linear,
    "before-linear": _before_linear,
    "strided": lambda node, context: _is_strided(node),
    "padded": lambda node, context: any(_attribute(node, "pads")),
    "-": lambda node, context: True,
}
