"""Flattened images: the order of channels and places goes into the weights of the dense layer.

A classifier that was trained with channels first flattens [batch, channels, height, width]. With
channels last the same values come in another order; a dense layer sums over all of them, so its
weights in that order give the same sums, and no image is transposed.
"""

from __future__ import annotations

from math import prod

import numpy as np

from sigfix.optimising.graph.element_wise import is_unary
from sigfix.optimising.graph.graph import Graph, NodeDef, node_of
from sigfix.optimising.graph.permutations import Permutation, inverse
from sigfix.optimising.graph.shapes import Shapes, infer_shapes
from sigfix.optimising.graph.transposes import look_through


def fold_flattened_transposes(graph: Graph) -> int:
    """Fold each transpose that only dense layers read, flattened; returns how many."""
    flattened = [
        node
        for node in graph.nodes.values()
        if node.op == "Reshape" and look_through(graph, node.input[0]) is not None
    ]
    shapes = infer_shapes(graph) if flattened else {}
    folded = sum(_fold(graph, node, shapes) for node in flattened)
    if folded:
        graph.prune()
    return folded


def _fold(graph: Graph, node: NodeDef, shapes: Shapes) -> bool:
    transposed = look_through(graph, node.input[0])
    before, after = shapes.get(node.input[0]), shapes.get(node.name)
    if transposed is None or before is None or after is None or len(after) != 2:
        return False
    source, permutation = transposed
    sizes = [size for size in before[1:] if size is not None]
    if permutation[0] != 0 or len(sizes) < len(before) - 1 or after[1] != prod(sizes):
        return False
    if graph.only_reader(node_of(node.input[0])) is None:
        return False
    layers = _dense_layers(graph, node)
    if not layers:
        return False
    for layer in layers:
        _reorder(graph, layer, sizes, permutation)
    graph.set_input(node, 0, source)
    return True


def _dense_layers(graph: Graph, node: NodeDef) -> list[NodeDef]:
    """The layers that read `node`, activations between; none where something else does."""
    found: list[NodeDef] = []
    waiting = [node]
    while waiting:
        current = waiting.pop()
        readers = graph.readers(current.name)
        if current.name in graph.outputs or not readers:
            return []
        for reader in readers:
            if reader.op != "Cast" and is_unary(graph, reader):
                waiting.append(reader)
            elif _is_dense(graph, reader, str(current.name)):
                found.append(reader)
            else:
                return []
    return found


def _is_dense(graph: Graph, node: NodeDef, data: str) -> bool:
    return (
        node.op == "MatMul"
        and list(node.input).count(data) == 1
        and node.input[0] == data
        and not node.attr["transpose_a"].b
        and graph.constant(node.input[1]) is not None
    )


def _reorder(graph: Graph, layer: NodeDef, sizes: list[int], permutation: Permutation) -> None:
    """Bring the rows of the weights from the transpose's order into its source's."""
    weights = graph.constant(layer.input[1])
    assert weights is not None
    rows = weights.T if layer.attr["transpose_b"].b else weights
    back = [axis - 1 for axis in inverse(permutation)[1:]]
    turned = rows.reshape(*sizes, -1).transpose(*back, len(sizes)).reshape(rows.shape)
    result = turned.T if layer.attr["transpose_b"].b else turned
    name = graph.add_constant(f"{layer.name}/reordered", np.ascontiguousarray(result))
    graph.set_input(layer, 1, name)
