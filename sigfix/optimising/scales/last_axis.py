"""Where the channels stay: operators after which the last axis is whole.

What is computed for each channel (a scale, a shift, the mean over all of them) commutes with an
operator that leaves every row of channels as it is, and only takes, drops or moves whole rows.
That the last axis has the same size before and after does not say so: it may be reversed, or
gone, with another axis of that size in its place.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sigfix.optimising.graph.graph import Graph, NodeDef
from sigfix.optimising.graph.shapes import Shapes
from sigfix.optimising.graph.slices import cuts_of

Shape = list[int | None]


def last_axis_is_whole(graph: Graph, node: NodeDef, shapes: Shapes) -> bool:
    """Whether `node`'s result consists of whole rows (along the last axis) of its first input."""
    rule = RULES.get(node.op)
    before, after = shapes.get(node.input[0]), shapes.get(node.name)
    if rule is None or not before or not after:
        return False
    if before[-1] is None or before[-1] != after[-1]:
        return False
    return rule(graph, node, before)


def _by_size(graph: Graph, node: NodeDef, before: Shape) -> bool:
    """Of these the size says it: the elements keep their order, or a part is smaller."""
    return True


def _slice(graph: Graph, node: NodeDef, before: Shape) -> bool:
    cuts = cuts_of(graph, node, len(before))
    kept = [cut for cut in cuts or [] if not cut.dropped]
    return bool(kept) and kept[-1].axis == len(before) - 1 and kept[-1].takes_all(before[-1])


def _mean(graph: Graph, node: NodeDef, before: Shape) -> bool:
    axes, rank = graph.constant(node.input[1]), len(before)
    return axes is not None and all(int(a) % rank != rank - 1 for a in np.ravel(axes))


def _transpose(graph: Graph, node: NodeDef, before: Shape) -> bool:
    permutation = graph.constant(node.input[1])
    return permutation is not None and int(permutation[-1]) == len(before) - 1


RULES: dict[str, Callable[[Graph, NodeDef, Shape], bool]] = {
    "BroadcastTo": _by_size,
    "ExpandDims": _by_size,
    "Mean": _mean,
    "Reshape": _by_size,
    "Slice": _by_size,
    "Squeeze": _by_size,
    "StridedSlice": _slice,
    "Transpose": _transpose,
}
"""Operator -> whether its last axis is its first input's, where that has the same known size."""
