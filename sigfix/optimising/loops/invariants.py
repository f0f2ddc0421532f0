"""The pass: what every step of a loop computes anew from the same is computed in front of it.

TensorFlow.js (4.22) runs what reads nothing but a loop's constants in its first step alone, and the
second one waits for it for ever. In front of the loop it is one more constant. Where the loop has
no step, that is computed for nothing.
"""

from __future__ import annotations

from sigfix.describing.operators import is_stateful
from sigfix.optimising.graph.graph import Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import CONTROL_FLOW, data_type_of
from sigfix.optimising.loops.frames import in_order, paths_of

_NEVER = CONTROL_FLOW | {"Const", "Placeholder", "NoOp"}


def hoist_invariants(graph: Graph) -> int:
    """Take invariants out of the loops that they are in; returns how many.

    From loops in loops they get to the outer one, and from there on.
    """
    known = {str(node.name): node for node in graph.nodes.values() if _is_constant(node)}
    done, before = 0, -1
    while known and done > before:
        before = done
        for node in in_order(graph):
            if node.name in graph.nodes and _is_invariant(graph, node, known):
                known.update((str(enter.name), enter) for enter in _hoist(graph, node, known))
                graph.nodes.pop(node.name)
                done += 1
    if done:
        graph.prune()
    return done


def _is_constant(node: NodeDef) -> bool:
    return bool(node.op == "Enter" and node.attr["is_constant"].b)


def _is_invariant(graph: Graph, node: NodeDef, known: dict[str, NodeDef]) -> bool:
    """Whether a node reads constants of one loop, at least one, and constants of the graph."""
    if node.op in _NEVER or is_stateful(str(node.op)):
        return False
    read = {node_of(item) for item in node.input if not item.startswith("^")}
    frames = {known[name].attr["frame_name"].s for name in read & known.keys()}
    others = [graph.nodes[name] for name in read - known.keys()]
    return len(frames) == 1 and all(item.op == "Const" for item in others)


def _hoist(graph: Graph, node: NodeDef, known: dict[str, NodeDef]) -> list[NodeDef]:
    """The same node in front of the loop, and constants of the loop in the place of its results."""
    inputs = [str(item) for item in node.input if not item.startswith("^")]
    enters = [known[node_of(item)] for item in inputs if node_of(item) in known]
    beside = f"^{node_of(enters[0].input[0])}"
    outer = graph.add_node(f"{node.name}/before", str(node.op), [], 1)
    outer.attr.clear()
    for name, value in node.attr.items():
        outer.attr[name].CopyFrom(value)
    given = []
    for item in inputs:
        if node_of(item) in known:
            given.append(str(known[node_of(item)].input[0]))
        else:
            given.append(_copied(graph, graph.nodes[node_of(item)], beside))
    graph.set_inputs(outer, given)
    made = []
    for reference in sorted(_references(graph, str(node.name))):
        port = reference.partition(":")[2]
        source = f"{outer.name}:{port}" if port not in ("", "0") else str(outer.name)
        enter = graph.add_node(f"{node.name}/enter", "Enter", [source], data_type_of(node))
        for name in ("frame_name", "is_constant", "parallel_iterations"):
            enter.attr[name].CopyFrom(enters[0].attr[name])
        graph.redirect(reference, str(enter.name))
        made.append(enter)
    return made


def _references(graph: Graph, name: str) -> set[str]:
    """How the results of a node are read: `x`, `x:1`."""
    read = {str(item) for node in graph.readers(name) for item in node.input}
    found = {item for item in read if node_of(item) == name and not item.startswith("^")}
    return {item.removesuffix(":0") for item in found}


def _copied(graph: Graph, constant: NodeDef, beside: str) -> str:
    """A constant once more, where what it waits for is."""
    made = graph.add_node(f"{constant.name}/before", "Const", [beside], 1)
    made.attr.clear()
    for name, value in constant.attr.items():
        made.attr[name].CopyFrom(value)
    return str(made.name)


def start_nested_loops(graph: Graph) -> int:
    """Let what a loop within another starts from wait for a value of the outer one's step.

    TensorFlow.js runs what is always there, constants and what outer loops do not change, once; a
    loop within another needs it anew in each step. Returns how many starts wait.
    """
    ordered = in_order(graph)
    paths, varying = paths_of(graph, ordered), set[str]()
    started: dict[bytes, list[NodeDef]] = {}
    for node in ordered:
        if node.op == "Enter":
            started.setdefault(node.attr["frame_name"].s, []).append(node)
        elif node.op == "Merge" or any(_source(item) in varying for item in node.input):
            varying.add(str(node.name))
    nested = [those for those in started.values() if any(len(paths[n.name]) > 1 for n in those)]
    done = 0
    for enters in nested:
        by_step = [item for item in enters if node_of(item.input[0]) in varying]
        waiting = [item for item in enters if node_of(item.input[0]) not in varying]
        if by_step and waiting:
            begun = graph.add_node(f"{by_step[0].name}/begun", "Identity", [], by_step[0])
            graph.set_inputs(begun, [str(by_step[0].input[0])])
            for enter in waiting:
                graph.set_inputs(enter, [str(enter.input[0]), f"^{begun.name}"])
                done += 1
    return done


def _source(reference: str) -> str:
    """The node of a data input, '' of a control input."""
    return "" if reference.startswith("^") else node_of(reference)
