"""The loops of a lowered graph: which nodes are in which frame, and in which branch.

TensorFlow writes a loop as Enter > Merge > Switch > body > NextIteration > Merge, and Exit behind
the Switch; every node in between is in the frame that its Enters name. A branch is a Switch with a
Merge behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sigfix.optimising.graph.graph import Graph, NodeDef, node_of

OF_LOOPS = ("LoopCond", "NextIteration")
"""What the Switches and Merges of a loop read, and no others."""

Frames = tuple[str, ...]
"""Names of the frames that a node is in, from the outside in."""


@dataclass(frozen=True)
class Loop:
    """A loop that is in no other one.

    `nodes` are its own and those of the loops in it, each after what it reads but for the edges
    back; those that its condition depends on come first. `merges` are (Merge, Enter, NextIteration)
    of each variable of the loop. `paths` are the frames of every node of the graph.
    """

    name: str
    nodes: list[NodeDef]
    condition: NodeDef
    merges: list[tuple[NodeDef, NodeDef, NodeDef]]
    exits: list[NodeDef]
    paths: dict[str, Frames]


def loops_of(graph: Graph) -> list[Loop]:
    """The outermost loops, each before those that read its results. Malformed ones are left out."""
    ordered = in_order(graph)
    paths = paths_of(graph, ordered)
    members: dict[str, list[NodeDef]] = {}
    for node in ordered:
        if paths[node.name]:
            members.setdefault(paths[node.name][0], []).append(node)
    found = [_loop(graph, name, nodes, paths) for name, nodes in members.items()]
    return [loop for loop in found if loop is not None]


def in_order(graph: Graph) -> list[NodeDef]:
    """The nodes, each after what it reads; a loop's edges back do not count."""
    result: list[NodeDef] = []
    seen: set[str] = set()
    for root in graph.nodes:
        stack = [(root, False)]
        while stack:
            name, done = stack.pop()
            node = graph.nodes[name]
            if done:
                result.append(node)
            elif name not in seen:
                seen.add(name)
                stack.append((name, True))
                stack += [(node_of(r), False) for r in node.input if not _is_back(graph, node, r)]
    return result


def _is_back(graph: Graph, node: NodeDef, reference: str) -> bool:
    return bool(node.op == "Merge" and graph.nodes[node_of(reference)].op == "NextIteration")


def paths_of(graph: Graph, ordered: list[NodeDef]) -> dict[str, Frames]:
    """The frames that each node is in, the innermost last."""
    paths: dict[str, Frames] = {}
    for node in ordered:
        read = [paths[node_of(r)] for r in node.input if not _is_back(graph, node, r)]
        path = max(read, key=len, default=())
        if node.op == "Enter":
            path = (*path, node.attr["frame_name"].s.decode())
        paths[node.name] = path[:-1] if node.op == "Exit" else path
    return paths


def depths_of(graph: Graph, ordered: list[NodeDef]) -> dict[str, int]:
    """In how many branches each node is: by how many Switches it may be left without a value.

    A Switch is counted with what is behind it; those of loops are none of a branch.
    """
    depths: dict[str, int] = {}
    for node in ordered:
        read = max((depths.get(node_of(r), 0) for r in node.input), default=0)
        is_loops = any(graph.nodes[node_of(r)].op in OF_LOOPS for r in node.input)
        depths[node.name] = read if is_loops else depth_behind(node.op, read)
    return depths


def depth_behind(op: str, depth: int) -> int:
    """The branches that a node is in whose inputs are in at most `depth`."""
    return max(0, depth + {"Switch": 1, "Merge": -1}.get(op, 0))


def _loop(graph: Graph, name: str, nodes: list[NodeDef], paths: dict[str, Frames]) -> Loop | None:
    own = [node for node in nodes if len(paths[node.name]) == 1]
    conditions = [node for node in own if node.op == "LoopCond"]
    merges = []
    for node in own:
        sources = [graph.nodes[node_of(r)] for r in node.input if r[0] != "^"]
        if node.op == "Merge" and any(source.op == "NextIteration" for source in sources):
            sources.sort(key=lambda source: str(source.op))
            if [source.op for source in sources] != ["Enter", "NextIteration"]:
                return None
            merges.append((node, sources[0], sources[1]))
    in_loop = {str(node.name) for node in nodes}
    exits = [
        node
        for node in graph.nodes.values()
        if node.op == "Exit" and node_of(node.input[0]) in in_loop and not paths[node.name]
    ]
    variables = {str(merge.name) for merge, _, _ in merges}
    # TensorFlow's own optimiser takes the Merge out where a loop has no step.
    variables |= {str(node.name) for node in own if node.op == "Enter"}
    if len(conditions) != 1 or _reads_numbers_of_merges(nodes, graph):
        return None
    if any(_left(graph, node) not in variables for node in exits):
        return None
    first = _before(graph, conditions[0])
    nodes = sorted(nodes, key=lambda node: node.name not in first)
    return Loop(name, nodes, conditions[0], merges, exits, paths)


def _left(graph: Graph, leaving: NodeDef) -> str:
    """The Merge or Enter whose value an Exit gives; "" where it is written in another way."""
    switch = graph.nodes[node_of(leaving.input[0])]
    first = leaving.input[0] in (switch.name, f"{switch.name}:0")
    return node_of(switch.input[0]) if switch.op == "Switch" and first else ""


def _reads_numbers_of_merges(nodes: list[NodeDef], graph: Graph) -> bool:
    """Whether something reads which of its inputs a Merge took: nobody writes that."""
    return any(
        reference.endswith(":1") and graph.nodes[node_of(reference)].op == "Merge"
        for node in nodes
        for reference in node.input
    )


def _before(graph: Graph, condition: NodeDef) -> set[str]:
    """The names of what the condition of a loop depends on within one step."""
    found: set[str] = set()
    stack = [str(condition.name)]
    while stack:
        node = graph.nodes[stack.pop()]
        if node.name not in found:
            found.add(str(node.name))
            stack += [node_of(r) for r in node.input if not _is_back(graph, node, r)]
    return found
