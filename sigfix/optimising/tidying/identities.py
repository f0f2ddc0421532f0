"""No copies: readers read what an identity copies.

The node that computes an output takes the output's name, instead of a copy behind it.
"""

from __future__ import annotations

from sigfix.optimising.graph.graph import Graph, node_of
from sigfix.optimising.graph.operator_kinds import CONTROL_FLOW
from sigfix.optimising.graph.transposes import replace_by_reference


def drop_identities(graph: Graph) -> int:
    """Drop the identities that need not be; returns how many."""
    controlling = {r[1:] for n in graph.nodes.values() for r in n.input if r.startswith("^")}
    inner = [
        node
        for node in graph.nodes.values()
        if node.op == "Identity"
        and len(node.input) == 1
        and node.name not in graph.outputs
        and node.name not in controlling
        and graph.nodes[node_of(node.input[0])].op not in CONTROL_FLOW
    ]
    for node in inner:
        replace_by_reference(graph, node.name, node.input[0])
    return len(inner) + drop_output_identities(graph)


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
