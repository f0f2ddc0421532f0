"""Operators of one tensor that work on each element by itself."""

from __future__ import annotations

from sigfix.optimising.graph.graph import Graph, NodeDef
from sigfix.optimising.graph.operator_kinds import UNARY


def is_unary(graph: Graph, node: NodeDef) -> bool:
    """Whether each element of `node` depends on its first input's element in the same place alone.

    The bounds of a ClipByValue may be tensors: then they have places, too.
    """
    if node.op not in UNARY:
        return False
    others = [graph.constant(reference) for reference in node.input[1:] if reference[0] != "^"]
    return all(value is not None and value.ndim == 0 for value in others)
