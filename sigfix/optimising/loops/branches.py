"""Branches as TensorFlow.js (4.22) runs them: Switches in two, and data alone brings the flow.

TensorFlow starts what reads nothing, in a branch, by a control input from the branch's pivot. TF.js
has constants from the beginning, and its Merge takes the first input that is there: a branch that
is a constant won every time, and ended loops with a `break` at once. Such a value goes through a
Switch of its own.
"""

from __future__ import annotations

import numpy as np

from sigfix.optimising.graph.graph import Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import CONTROL_FLOW, DT_FLOAT, DT_INT32

CASES = "_SwitchN"
STEERING = (CONTROL_FLOW - {"Enter"}) | {CASES}
"""What lets a value come in one branch or step and not in another."""


def split_cases(graph: Graph) -> int:
    """Write each Switch of several branches with one Switch a branch; returns how many."""
    found = [node for node in graph.nodes.values() if node.op == CASES]
    chosen: dict[tuple[str, int, int], str] = {}
    for node in found:
        count, index = int(node.attr["num_outs"].i), str(node.input[1])
        parts: dict[int, str] = {}
        for reader in graph.readers(str(node.name)):
            for at, reference in enumerate(reader.input):
                if node_of(reference) != node.name or reference.startswith("^"):
                    continue
                branch = int(reference.partition(":")[2] or 0)
                key = index, branch, count
                if key not in chosen:
                    chosen[key] = _is_branch(graph, node, branch, count)
                if branch not in parts:
                    made = graph.add_node(
                        f"{node.name}/{branch}", "Switch", [node.input[0], chosen[key]], node
                    )
                    parts[branch] = f"{made.name}:1"
                graph.set_input(reader, at, parts[branch])
    graph.prune()
    return len(found)


def _is_branch(graph: Graph, node: NodeDef, branch: int, count: int) -> str:
    """Whether an index is that of a branch; the last one is also taken for one out of range."""
    base, index = f"{node.name}/is", str(node.input[1])

    def compared(op: str, with_: int) -> str:
        value = graph.add_constant(f"{base}/value", np.array(with_, np.int32))
        return str(graph.add_node(f"{base}/{op.lower()}", op, [index, value], DT_INT32).name)

    if branch < count - 1:
        return compared("Equal", branch)
    ends = compared("Less", 0), compared("GreaterEqual", count - 1)
    made = graph.add_node(f"{base}/last", "LogicalOr", ends, DT_INT32)
    del made.attr["T"]
    return str(made.name)


def tie_constants(graph: Graph) -> int:
    """Let values that a branch has from constants alone come with the branch; returns how many."""
    merges = [
        node
        for node in graph.nodes.values()
        if node.op == "Merge" and not any(_op(graph, r) == "NextIteration" for r in node.input)
    ]
    tied = 0
    for merge in merges:
        for at, reference in enumerate(list(merge.input)):
            pivot = None if reference.startswith("^") else _pivot(graph, reference)
            if pivot is not None:
                switch, side = pivot
                source = graph.nodes[node_of(reference)]
                inputs = [reference, str(switch.input[1])]
                made = graph.add_node(f"{source.name}/tied", "Switch", inputs, _type(source))
                graph.set_input(merge, at, f"{made.name}:1" if side else str(made.name))
                tied += 1
    return tied


def _op(graph: Graph, reference: str) -> str:
    return str(graph.nodes[node_of(reference)].op)


def _type(node: NodeDef) -> int:
    for name in ("dtype", "DstT", "T"):
        if name in node.attr:
            return int(node.attr[name].type)
    return DT_FLOAT


def _pivot(graph: Graph, reference: str) -> tuple[NodeDef, bool] | None:
    """The Switch, and its side, that starts a value through control inputs alone.

    None where data brings it, or nothing does.
    """
    waiting, seen = [node_of(reference)], set()
    pivots: list[str] = []
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        node = graph.nodes[name]
        if node.op in STEERING or node.op == "Placeholder":
            return None
        for each in node.input:
            (pivots if each.startswith("^") else waiting).append(node_of(each))
    while pivots:
        name = pivots.pop()
        side = _side(graph, name)
        if side is not None:
            return side
        if name not in seen:  # a constant of the branch may be what starts the next one
            seen.add(name)
            pivots += [node_of(each) for each in graph.nodes[name].input if each.startswith("^")]
    return None


def _side(graph: Graph, name: str) -> tuple[NodeDef, bool] | None:
    """What a pivot is a copy of: an output of a Switch that is no loop's."""
    reference = name
    while graph.nodes[node_of(reference)].op == "Identity":
        reference = str(graph.nodes[node_of(reference)].input[0])
    switch = graph.nodes[node_of(reference)]
    if switch.op != "Switch" or _op(graph, switch.input[1]) == "LoopCond":
        return None
    return switch, reference.endswith(":1")
