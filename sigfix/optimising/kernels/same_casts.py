"""Casts between element types that are one type in TensorFlow.js: nothing is left of them there."""

from __future__ import annotations

from sigfix.optimising.graph.graph import Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import ONE_TYPE


def drop_same_casts(graph: Graph) -> int:
    """Read what such a Cast reads in its place; those that are outputs stay. Returns how many."""
    outputs = {node_of(name) for name in graph.outputs}
    found = [
        node
        for node in graph.nodes.values()
        if node.op == "Cast" and node.name not in outputs and _is_the_same(node)
    ]
    for node in found:
        graph.replace(str(node.name), str(node.input[0]))
    graph.prune()
    return len(found)


def _is_the_same(node: NodeDef) -> bool:
    both = {node.attr["SrcT"].type, node.attr["DstT"].type}
    return any(both <= one for one in ONE_TYPE) and len(node.input) == 1
