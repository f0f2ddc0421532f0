"""Booleans turned round as whole numbers.

TF.js's WebAssembly backend (4.22) turns a tensor round as if every element had four bytes. A
boolean has one: it writes over what lies behind, and the model fails, or computes something else,
some operators later (`memory access out of bounds`, `Aborted()`). Masks of layers that go backwards
are such.
"""

from __future__ import annotations

from sigfix.optimising.graph.graph import Graph, NodeDef
from sigfix.optimising.graph.operator_kinds import DT_BOOL, DT_INT32


def reverse_as_numbers(graph: Graph) -> int:
    """Let every ReverseV2 of booleans turn round int32; returns how many there were."""
    found = [
        node
        for node in graph.nodes.values()
        if node.op == "ReverseV2" and node.attr["T"].type == DT_BOOL
    ]
    for node in found:
        source, axes = node.input[:2]
        numbers = graph.add_node(f"{node.name}/numbers", "Cast", [source], DT_BOOL)
        _cast(numbers, DT_BOOL, DT_INT32)
        turned = graph.add_node(f"{node.name}/turned", "ReverseV2", [numbers.name, axes], DT_INT32)
        turned.attr["Tidx"].type = node.attr["Tidx"].type
        node.op = "Cast"
        graph.set_inputs(node, [turned.name, *node.input[2:]])
        _cast(node, DT_INT32, DT_BOOL)
    return len(found)


def _cast(node: NodeDef, source: int, result: int) -> None:
    node.attr.clear()
    node.attr["SrcT"].type, node.attr["DstT"].type = source, result
