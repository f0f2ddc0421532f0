"""No EnsureShape: TF.js (4.22) looks for the shape among its inputs, where TensorFlow has none.

What the shape tells has been used by then; TensorFlow's own check of it is left out.
"""

from __future__ import annotations

from sigfix.optimising.graph.graph import Graph


def drop_ensured_shapes(graph: Graph) -> int:
    """Let every EnsureShape be an Identity; returns how many there were."""
    found = [node for node in graph.nodes.values() if node.op == "EnsureShape"]
    for node in found:
        node.op = "Identity"
        del node.attr["shape"]
    return len(found)
