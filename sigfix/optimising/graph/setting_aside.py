"""Which constants are left out while TensorFlow works on a graph (see `Graph.graph_def`).

TensorFlow copies a GraphDef, values and all, five to ten times on its way through import and
Grappler. A constant whose value no step asks for need not make that journey.
"""

from __future__ import annotations

from sigfix.optimising.graph.graph import Graph, NodeDef, node_of

LARGE = 1 << 16
"""Bytes; what is smaller may be a shape that shape inference reads, and costs nothing."""
PRODUCTS = frozenset(("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"))
"""Of these Grappler looks at shapes only."""
LOOKUPS = frozenset(("Gather", "GatherV2"))
"""Of the table that these read, too."""
CONVOLUTIONS = frozenset(("Conv2D", "Conv3D", "DepthwiseConv2dNative"))
"""Into the kernels of these Grappler merges factors that stand in front or behind."""
FACTORS = frozenset(("Mul", "Div", "RealDiv"))
MOVES = frozenset(("Identity", "Reshape", "Transpose", "Squeeze", "ExpandDims"))
"""What keeps values as they are: Grappler looks through it, or takes it out."""


def is_large(node: NodeDef) -> bool:
    """Whether this is a constant of at least `LARGE` bytes, bound to no frame of a loop."""
    return bool(node.op == "Const" and node.ByteSize() >= LARGE and not node.input)


def never_folded(graph: Graph) -> set[str]:
    """Large constants with nothing that Grappler could fold: the simplified graph has the same.

    Only matrix products read them, lookups whose table they are, and convolutions whose kernel
    they are with no factor beside, each with another operand that the inputs decide.
    """
    fed = set(graph.inputs)
    for node in graph.ordered():
        if any(node_of(reference) in fed for reference in node.input):
            fed.add(node.name)

    def stays(name: str) -> bool:
        return name not in graph.outputs and all(
            stays(reader.name)
            if reader.op == "Identity"
            else reader.op == "NoOp" or (reader.name in fed and _leaves(graph, reader, name))
            for reader in graph.readers(name)
        )

    return {name for name, node in graph.nodes.items() if is_large(node) and stays(name)}


def _leaves(graph: Graph, reader: NodeDef, name: str) -> bool:
    """Whether Grappler leaves a constant as it is, though `reader` reads it."""
    places = [place for place, one in enumerate(reader.input) if node_of(one) == name]
    if reader.op in CONVOLUTIONS:
        return places == [1] and not _has_factors(graph, reader)
    return reader.op in PRODUCTS or (reader.op in LOOKUPS and places == [0])


def _has_factors(graph: Graph, convolution: NodeDef) -> bool:
    """Whether what a convolution reads, or what reads it, is a product or a quotient."""
    source = graph.nodes.get(node_of(convolution.input[0]))
    while source is not None and source.op in MOVES:
        source = graph.nodes.get(node_of(source.input[0]))
    if source is not None and source.op in FACTORS:
        return True
    behind = graph.readers(convolution.name)
    while behind:
        reader = behind.pop()
        if reader.op in FACTORS:
            return True
        if reader.op in MOVES:
            behind += graph.readers(reader.name)
    return False
