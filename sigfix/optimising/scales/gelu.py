"""GELU in three operators: x * (1 + erf(x)), its scales in the weights around it.

x / 2 * (1 + erf(x / sqrt 2)) reads its x twice, once scaled. Where x comes out of a product and
the result goes into one, the product in front computes x / sqrt 2 at once, and the one behind
takes the factor back (`scale_sinking.py` has taken the half there).
"""

from __future__ import annotations

from sigfix.optimising.graph.affine import as_affine
from sigfix.optimising.graph.graph import Graph, NodeDef, node_of
from sigfix.optimising.graph.shapes import Shapes, infer_shapes
from sigfix.optimising.scales.absorbing import Absorbing


def fold_gelu_scales(graph: Graph) -> int:
    """Fold the scale inside each erf; returns how many."""
    if not any(node.op == "Erf" for node in graph.nodes.values()):
        return 0
    shapes = infer_shapes(graph)
    folded = 0
    for node in graph.ordered():
        if node.op == "Erf":
            folded += _fold(graph, node, shapes)
    graph.prune()
    return folded


def _fold(graph: Graph, erf: NodeDef, shapes: Shapes) -> bool:
    scaled = graph.nodes[node_of(erf.input[0])]
    affine = as_affine(graph, scaled, shapes)
    if affine is None or affine.shifts or affine.scale.ndim or not affine.scale > 0:
        return False
    source = graph.nodes.get(affine.data)
    if source is None or source.name in graph.outputs:
        return False
    if graph.only_reader(scaled.name) is None:
        return False
    others = [r for r in graph.readers(source.name) if r.name != scaled.name]
    if len(others) != 1 or others[0].op != "Mul" or len(graph.readers(source.name)) != 2:
        return False
    factor = float(affine.scale)
    absorbing = Absorbing(graph, shapes)
    after = absorbing.below(others[0], 1 / factor)
    before = None if after is None else absorbing.at(source, factor)
    if after is None or before is None:
        return False
    for edit in after + before:
        edit()
    graph.replace(scaled.name, source.name)
    return True
