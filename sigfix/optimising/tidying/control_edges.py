"""No order but that of the data: control inputs (`^name`) of what only computes go.

TF.js (4.22) waits for a control input as for a tensor, and where that is a Switch, for its first
output, which in a loop never comes. TensorFlow orders by control inputs what changes a state, which
a frozen graph has none of, and starts with them what reads nothing else in a branch or loop. That
is needed where a loop starts from constants within another; constants themselves TF.js has always.
"""

from __future__ import annotations

from collections.abc import Iterator

from tensorflow.core.framework import node_def_pb2

from sigfix.optimising.graph.graph import Graph, node_of
from sigfix.optimising.graph.operator_kinds import CONTROL_FLOW

LOOKUP = "LookupTableFindV2"
"""It waits for what fills its table; in a TensorFlow.js model the initializer has done that."""
STEERED = (CONTROL_FLOW - {"Enter"}) | {"Placeholder"}
"""What is there by itself, or comes when the flow brings it; so does all that reads it."""


def drop_control_edges(graph: Graph) -> int:
    """Drop every control input that is not needed; returns how many nodes had such."""
    steered = _steered(graph)
    changed = 0
    for node in list(graph.nodes.values()):
        kept = [reference for reference in node.input if not reference.startswith("^")]
        if len(kept) == len(node.input) or node.op == "NoOp":
            continue
        if node.op == LOOKUP:
            kept += [reference for reference in node.input if reference.startswith("^")]
        elif node.op != "Const" and node.name not in steered:
            kept += [f"^{name}" for name in dict.fromkeys(_waited_for(graph, str(node.name)))]
        if kept != list(node.input):
            if node.op == "Const":  # shared with the graph that this one is a copy of
                own = graph.nodes[node.name] = node_def_pb2.NodeDef()
                own.CopyFrom(node)
                node = own
            graph.set_inputs(node, kept)
            changed += 1
    if changed:
        graph.prune()
    return changed


def _steered(graph: Graph) -> set[str]:
    """Nodes that depend through data on something that is steered."""
    readers: dict[str, list[str]] = {}
    for node in graph.nodes.values():
        for reference in node.input:
            if not reference.startswith("^"):
                readers.setdefault(node_of(reference), []).append(str(node.name))
    found: set[str] = set()
    waiting = [name for name, node in graph.nodes.items() if node.op in STEERED]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += readers.get(name, [])
    return found


def _waited_for(graph: Graph, name: str) -> Iterator[str]:
    """What a node's control inputs wait for, seen through NoOps; without Switches."""
    for reference in graph.nodes[name].input:
        source = graph.nodes[node_of(reference)]
        if reference.startswith("^") and source.op == "NoOp":
            yield from _waited_for(graph, str(source.name))
        elif reference.startswith("^") and source.op not in ("Switch", "RefSwitch", "Const"):
            yield str(source.name)
