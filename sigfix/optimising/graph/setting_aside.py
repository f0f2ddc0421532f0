"""Which constants are left out while TensorFlow works on a graph (see `Graph.graph_def`).

TensorFlow copies a GraphDef, values and all, five to ten times on its way through import and
Grappler. A constant whose value no step asks for need not make that journey.
"""

from __future__ import annotations

from sigfix.optimising.graph.graph import Graph, NodeDef, node_of

LARGE = 1 << 16
"""Bytes; what is smaller may be a shape that shape inference reads, and costs nothing."""
PRODUCTS = frozenset(("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"))
"""Of these Grappler looks at shapes only; into a convolution's kernel it merges factors."""


def is_large(node: NodeDef) -> bool:
    """Whether this is a constant of at least `LARGE` bytes, bound to no frame of a loop."""
    return bool(node.op == "Const" and node.ByteSize() >= LARGE and not node.input)


def factors_of_products(graph: Graph) -> set[str]:
    """Large constants that only matrix products read, each with a factor that the inputs decide.

    Nothing can be folded there: the simplified graph has the same constants.
    """
    fed = set(graph.inputs)
    for node in graph.ordered():
        if any(node_of(reference) in fed for reference in node.input):
            fed.add(node.name)

    def only_products(name: str) -> bool:
        return name not in graph.outputs and all(
            only_products(reader.name)
            if reader.op == "Identity"
            else reader.op == "NoOp" or (reader.op in PRODUCTS and reader.name in fed)
            for reader in graph.readers(name)
        )

    return {name for name, node in graph.nodes.items() if is_large(node) and only_products(name)}
