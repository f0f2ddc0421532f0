"""The pass: every operator that has a rule becomes what the rule writes."""

from __future__ import annotations

from sigfix.optimising.expressing.convolutions import CONVOLUTIONS
from sigfix.optimising.expressing.element_wise import ELEMENT_WISE
from sigfix.optimising.expressing.lookups import LOOKUPS
from sigfix.optimising.expressing.places import PLACES
from sigfix.optimising.expressing.rounding import ROUNDING
from sigfix.optimising.expressing.writing import Rule, Writer
from sigfix.optimising.graph.graph import Graph
from sigfix.optimising.graph.shapes import infer_shapes

RULES: dict[str, Rule] = {**CONVOLUTIONS, **ELEMENT_WISE, **LOOKUPS, **PLACES, **ROUNDING}
"""Operator -> how it is expressed."""


def express_operators(graph: Graph) -> int:
    """Rewrite each node that has a rule; returns how many."""
    found = [node for node in graph.ordered() if node.op in RULES]
    if not found:
        return 0
    shapes = infer_shapes(graph)
    loops = any(node.op == "Enter" for node in graph.nodes.values())
    done = 0
    for node in found:
        result = RULES[node.op](Writer(graph, node, shapes, loops))
        if result is not None:
            if node.name in shapes:
                shapes[result] = shapes[node.name]
            graph.replace(str(node.name), result)
            done += 1
    graph.prune()
    return done
