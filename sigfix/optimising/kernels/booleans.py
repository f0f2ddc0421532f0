"""Booleans turned round or chosen as whole numbers.

Some kernels of TF.js's WebAssembly backend (4.22) write as if every element had four bytes. A
boolean has one: they write over what lies behind, and the model fails, or computes something else,
some operators later (`memory access out of bounds`, `Aborted()`). Masks are such: those of layers
that go backwards, of causal attention, of padding.
"""

from __future__ import annotations

from sigfix.optimising.graph.graph import Graph, NodeDef
from sigfix.optimising.graph.operator_kinds import DT_BOOL, DT_INT32

FOUR_BYTES: dict[str, tuple[int, ...]] = {"ReverseV2": (0,), "Select": (1, 2), "SelectV2": (1, 2)}
"""Operator -> its operands whose elements such a kernel moves."""


def move_as_numbers(graph: Graph) -> int:
    """Let such operators of booleans move int32 in their place; returns how many there were."""
    found = [
        node
        for node in graph.nodes.values()
        if node.op in FOUR_BYTES and node.attr["T"].type == DT_BOOL
    ]
    for node in found:
        inputs = list(node.input)
        for place in FOUR_BYTES[node.op]:
            numbers = graph.add_node(f"{node.name}/numbers", "Cast", [inputs[place]], DT_BOOL)
            _cast(numbers, DT_BOOL, DT_INT32)
            inputs[place] = numbers.name
        operands = [name for name in inputs if not name.startswith("^")]
        moved = graph.add_node(f"{node.name}/moved", node.op, operands, DT_INT32)
        if "Tidx" in node.attr:
            moved.attr["Tidx"].type = node.attr["Tidx"].type
        node.op = "Cast"
        graph.set_inputs(node, [moved.name, *inputs[len(operands) :]])
        _cast(node, DT_INT32, DT_BOOL)
    return len(found)


def _cast(node: NodeDef, source: int, result: int) -> None:
    node.attr.clear()
    node.attr["SrcT"].type, node.attr["DstT"].type = source, result
