"""A scalar factor in the middle of the graph moves to weights that absorb it.

The 1/6 of a hard-swish, the 1/2 of a GELU or the scale of an attention costs an operator over a
whole tensor. It commutes with everything linear: it sinks through products of two tensors, means,
reshapes and pads into the weights of every convolution or matrix product that reads the result,
and where it meets a sum, the other side is divided by it, through the weights behind that one.
Either all of it can be absorbed, or the factor stays where it is.
"""

from __future__ import annotations

from sigfix.optimising.graph.affine import as_affine
from sigfix.optimising.graph.graph import Graph, NodeDef
from sigfix.optimising.graph.shapes import Shapes, infer_shapes
from sigfix.optimising.scales.absorbing import Absorbing


def sink_scales(graph: Graph) -> int:
    """Let every positive scalar factor that can be absorbed sink; returns how many did."""
    shapes = infer_shapes(graph)
    sunk = 0
    for node in graph.ordered():
        if node.op in ("Mul", "RealDiv") and node.name not in graph.outputs:
            sunk += _sink(graph, node, shapes)
    graph.prune()
    return sunk


def _sink(graph: Graph, node: NodeDef, shapes: Shapes) -> bool:
    affine = as_affine(graph, node, shapes)
    if affine is None or affine.scale.ndim or not affine.scale > 0 or affine.shifts:
        return False
    factor = float(affine.scale)
    for edits in (
        Absorbing(graph, shapes).below(node, factor),
        Absorbing(graph, shapes).above(affine.data, factor, node),
    ):
        if edits is not None:
            for edit in edits:
                edit()
            graph.replace(node.name, affine.data)
            return True
    return False
