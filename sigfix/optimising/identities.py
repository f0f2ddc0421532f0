"""The node that computes an output takes the output's name, instead of a copy behind it."""

from __future__ import annotations

from sigfix.optimising.graph import Graph


def drop_output_identities(graph: Graph) -> int:
    """Replace output identities by the nodes they copy; returns how many.

    One stays where its source is an input, a constant, another output or not a first output.
    """
    dropped = 0
    for name in graph.outputs:
        node = graph.nodes[name]
        if node.op != "Identity" or len(node.input) != 1:
            continue
        source = graph.nodes.get(node.input[0])
        if source is None or source.op in ("Placeholder", "Const") or source.name in graph.outputs:
            continue
        graph.replace(name, source.name)
        dropped += 1
    return dropped
