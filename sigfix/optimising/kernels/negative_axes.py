"""Axes of running sums and products, counted from the first one.

TF.js (4.22) takes a negative axis of Cumsum and Cumprod as it is: both backends turn the tensor by
a list of axes that has one too many, and compute something else, or read beyond the tensor. Keras 3
writes its causal masks so.
"""

from __future__ import annotations

import numpy as np

from sigfix.optimising.graph.graph import Graph
from sigfix.optimising.graph.shapes import infer_shapes


def count_from_the_first(graph: Graph) -> int:
    """Make constant negative axes positive, where the rank is known; returns how many."""
    found = []
    for node in graph.nodes.values():
        if node.op in ("Cumsum", "Cumprod"):
            constant = graph.constant(node.input[1])
            if constant is not None and int(constant) < 0:
                found.append((node, int(constant)))
    if not found:
        return 0
    shapes, changed = infer_shapes(graph), 0
    for node, axis in found:
        shape = shapes.get(node.input[0])
        if shape is not None:
            name = graph.add_constant(f"{node.name}/axis", np.array(axis + len(shape), np.int32))
            graph.set_input(node, 1, name)
            changed += 1
    return changed
