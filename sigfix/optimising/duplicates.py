"""Equal constants become one, so that each is stored once."""

from __future__ import annotations

from sigfix.optimising.graph import Graph, node_of


def merge_equal_constants(graph: Graph) -> int:
    """Point readers of a constant at the first one with the same value; returns how many went."""
    first: dict[bytes, str] = {}
    renamed: dict[str, str] = {}
    for node in graph.nodes.values():
        if node.op != "Const" or node.name in graph.outputs:
            continue
        if any(reference.startswith("^") for reference in node.input):
            continue
        key = bytes(node.attr["value"].SerializeToString(deterministic=True))
        kept = first.setdefault(key, node.name)
        if kept != node.name:
            renamed[node.name] = kept
    for node in graph.nodes.values():
        for i, reference in enumerate(node.input):
            kept_name = renamed.get(node_of(reference))
            if kept_name is not None:
                node.input[i] = f"^{kept_name}" if reference.startswith("^") else kept_name
    for name in renamed:
        del graph.nodes[name]
    return len(renamed)
