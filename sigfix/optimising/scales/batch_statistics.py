"""Batch norms that take mean and variance from their input -> operators that compute both.

TF.js (4.22) computes FusedBatchNorm with the mean and variance that it is given, also where
`is_training` says that they are to be taken from the input: NaN, where none are given. Keras 2
computes its layer norms with this operator, on rows as images with channels first.
"""

from __future__ import annotations

import numpy as np

from sigfix.optimising.graph.affine import BATCH_NORMS, has_other_readers
from sigfix.optimising.graph.building import reshape
from sigfix.optimising.graph.graph import Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import DT_FLOAT, DT_INT32, is_channels_last


def compute_statistics(graph: Graph) -> int:
    """Rewrite every batch norm in training of which only the result is read; returns how many."""
    found = [
        node
        for node in graph.nodes.values()
        if node.op in BATCH_NORMS
        and node.attr["is_training"].b
        and node.attr["T"].type == DT_FLOAT
        and not has_other_readers(graph, node)
    ]
    for node in found:
        _rewrite(graph, node)
    graph.prune()
    return len(found)


def _rewrite(graph: Graph, node: NodeDef) -> None:
    base, x = str(node.name), str(node.input[0])
    last = is_channels_last(node)

    def add(op: str, *inputs: str) -> str:
        return str(graph.add_node(f"{base}/{op.lower()}", op, inputs, node).name)

    def mean(reference: str) -> str:
        axes = np.array([0, 1, 2] if last else [0, 2, 3], np.int32)
        made = graph.nodes[add("Mean", reference, graph.add_constant(f"{base}/axes", axes))]
        made.attr["Tidx"].type, made.attr["keep_dims"].b = DT_INT32, True
        return str(made.name)

    def per_channel(reference: str) -> str:
        return reference if last else reshape(graph, reference, [1, None, 1, 1], DT_FLOAT, base)

    epsilon = node.attr["epsilon"].f
    centred = add("Sub", x, mean(x))
    variance = mean(add("Square", centred))
    least = graph.add_constant(f"{base}/epsilon", np.array(epsilon, np.float32))
    result = add("Mul", centred, add("Rsqrt", add("AddV2", variance, least)))
    if not _is_filled(graph, node.input[1], 1.0):
        result = add("Mul", result, per_channel(str(node.input[1])))
    if not _is_filled(graph, node.input[2], 0.0):
        result = add("AddV2", result, per_channel(str(node.input[2])))
    graph.replace(base, result)


def _is_filled(graph: Graph, reference: str, number: float) -> bool:
    """Whether a vector is `number` throughout, however long it is."""
    node = graph.nodes[node_of(reference)]
    value = graph.constant(node.input[1] if node.op == "Fill" else reference)
    return value is not None and bool((value == number).all())
