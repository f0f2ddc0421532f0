"""Tensors stacked along a new axis: joined along one that they have, and reshaped once.

What a loop gives step by step is stacked as [batch, 1, n], [batch, 1, n], ... joined along the new
axis: a reshape for each step. Those n values lie together either way, so joining [batch, n],
[batch, n], ... along n and giving the result its axis afterwards moves the same elements to the
same places.
"""

from __future__ import annotations

import numpy as np

from sigfix.optimising.graph.building import add_concatenation, reshape
from sigfix.optimising.graph.graph import Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import data_type_of
from sigfix.optimising.graph.shapes import Shapes, infer_shapes


def join_before_reshaping(graph: Graph) -> int:
    """Rewrite the stacks that need fewer operators then; returns how many operators went."""
    stacks = [n for n in graph.nodes.values() if n.op == "ConcatV2" and len(n.input) > 3]
    shapes = infer_shapes(graph) if stacks else {}
    saved = sum(_rewrite(graph, node, shapes) for node in stacks)
    if saved:
        graph.prune()
    return saved


def _rewrite(graph: Graph, node: NodeDef, shapes: Shapes) -> int:
    """Join in front of the reshapes; returns how many operators that saves."""
    *parts, axis_reference = node.input
    result, axis_value = shapes.get(node.name), graph.constant(axis_reference)
    if result is None or axis_value is None or result.count(None) > 1:
        return 0
    axis = int(axis_value) % len(result)
    sources = [_without_axis(graph, part, axis, shapes) for part in parts]
    if any(source is None for source in sources):
        return 0
    gone = {p for p in parts if {r.name for r in graph.readers(p)} == {node.name}}
    gone -= set(graph.outputs)
    if len(gone) < 2:
        return 0
    kind = data_type_of(node)
    along = graph.add_constant(f"{node.name}/axis", np.array(axis, np.int32))
    parts_without = [str(source) for source in sources]
    joined = add_concatenation(graph, f"{node.name}/joined", parts_without, along, kind)
    graph.replace(node.name, reshape(graph, joined.name, result, kind, node.name))
    return len(gone) - 1


def _without_axis(graph: Graph, reference: str, axis: int, shapes: Shapes) -> str | None:
    """What `reference` is without its `axis` of size 1, which a reshape has put in front of n.

    None where it is something else, or n is not known.
    """
    node = graph.nodes[node_of(reference)]
    after = shapes.get(reference)
    if node.op not in ("Reshape", "ExpandDims") or after is None or axis + 1 >= len(after):
        return None
    before = shapes.get(node.input[0])
    # With one open size at most, equal sizes in equal places leave only one way to reshape.
    if after[axis] != 1 or before != after[:axis] + after[axis + 1 :] or before.count(None) > 1:
        return None
    return str(node.input[0]) if before[axis] and 0 not in before else None
