"""Dense layers, and what stands between them, on matrices: one row for each position.

A product of a [batch, positions, k] tensor with a matrix is a `BatchMatMulV2`, which TF.js's
WebAssembly backend computes in a plain loop; of a [batch * positions, k] matrix it is a `MatMul`,
which XNNPACK computes. Everything that works on one position at a time (activations, sums, layer
norms) is done on the matrix as well, so that the reshapes between two dense layers meet and
disappear. The graph is left as it was where that does not leave fewer operators.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from sigfix.optimising.graph.building import reshape
from sigfix.optimising.graph.element_wise import is_unary
from sigfix.optimising.graph.graph import Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import (
    BROADCASTING,
    REDUCTIONS,
    data_type_of,
    is_channels_last,
)
from sigfix.optimising.graph.shapes import Shapes, infer_shapes

Shape = list[int | None]
SOFTMAX = ("Softmax", "LogSoftmax")


def use_rows(graph: Graph) -> int:
    """Rewrite the graph in place; returns how many products, and operators less, there are."""
    products = _as_matrix_products(graph)
    if not any(node.op == "Reshape" for node in graph.nodes.values()):
        return products
    candidate = graph.copy()
    shapes = infer_shapes(candidate)
    for node in candidate.ordered():
        _move(Rows(candidate, shapes), node)
    candidate.prune()
    saved = _operators(graph) - _operators(candidate)
    if saved > 0:
        graph.set_nodes(candidate.nodes)
    return products + max(saved, 0)


def _operators(graph: Graph) -> int:
    graph.prune()
    return sum(node.op != "Const" for node in graph.nodes.values())


def _as_matrix_products(graph: Graph) -> int:
    """BatchMatMulV2 with one constant matrix -> MatMul between reshapes; returns how many."""
    found = [n for n in graph.nodes.values() if n.op == "BatchMatMulV2"]
    shapes = infer_shapes(graph) if found else {}
    rewritten = 0
    for node in found:
        before, after = shapes.get(node.input[0]), shapes.get(node.name)
        weights = shapes.get(node.input[1])
        if graph.nodes[node_of(node.input[1])].op != "Const" or node.attr["adj_x"].b:
            continue
        if not before or not after or not weights or None in weights or len(weights) > len(before):
            continue
        if prod(w or 0 for w in weights[:-2]) != 1 or len(before) < 3 or not _fits(before, after):
            continue
        matrix = graph.constant(node.input[1])
        assert matrix is not None
        matrix = matrix.reshape(matrix.shape[-2:])
        kernel = graph.add_constant(f"{node.name}/matrix", matrix.T if _turned(node) else matrix)
        rows = reshape(graph, node.input[0], [-1, before[-1]], data_type_of(node), node.name)
        product = graph.add_node(f"{node.name}/rows", "MatMul", [rows, kernel], node)
        last = reshape(graph, product.name, after, data_type_of(node), node.name)
        graph.replace(node.name, last)
        rewritten += 1
    return rewritten


def _turned(node: NodeDef) -> bool:
    return bool(node.attr["adj_y"].b)


def _fits(before: Shape, after: Shape) -> bool:
    """Whether rows and result can be written with one open size."""
    return None not in (before[-1], after[-1]) and after.count(None) <= 1


@dataclass
class Rows:
    """The graph and the shapes of its tensors as they were; a moved node's is its matrix."""

    graph: Graph
    shapes: Shapes

    def source(self, reference: str) -> tuple[str, Shape] | None:
        """(matrix, shape) where `reference` is a matrix whose rows were split over more axes."""
        node = self.graph.nodes.get(reference)
        if node is None or node.op != "Reshape":
            return None
        matrix, shape = self.shapes.get(node.input[0]), self.shapes.get(reference)
        if not matrix or not shape or len(matrix) != 2 or len(shape) < 3:
            return None
        if matrix[1] is None or matrix[1] != shape[-1] or shape.count(None) > 1:
            return None
        return str(node.input[0]), shape


def _move(rows: Rows, node: NodeDef) -> None:
    """Compute `node` on matrices, with a reshape behind it in its place."""
    graph, shapes = rows.graph, rows.shapes
    shape = shapes.get(node.name)
    if shape is None or node.name not in graph.nodes:
        return
    if node.op == "Reshape":
        _join(rows, node)
        return
    inputs = None
    if node.op in SOFTMAX or is_unary(graph, node):
        found = rows.source(node.input[0])
        inputs = None if found is None else [found[0], *node.input[1:]]
    elif node.op in BROADCASTING or (node.op == "BiasAdd" and is_channels_last(node)):
        inputs = _aligned(rows, node, shape)
    elif node.op in REDUCTIONS and node.attr["keep_dims"].b:
        inputs = _over_columns(rows, node)
    if inputs is None or shape.count(None) > 1:
        return
    graph.set_inputs(node, inputs)
    name, kind = str(node.name), data_type_of(node)
    del graph.nodes[name]
    node.name = graph.unused_name(f"{name}/rows")
    graph.nodes[node.name] = node
    known = None if None in shape[:-1] else prod(n or 0 for n in shape[:-1])
    shapes[str(node.name)] = [known, shape[-1]]
    behind = graph.nodes.pop(reshape(graph, node.name, shape, kind, name))
    behind.name = name
    graph.nodes[name] = behind


def _over_columns(rows: Rows, node: NodeDef) -> list[str] | None:
    """The inputs of a reduction of the last axis, which is axis 1 of the matrix."""
    found, axes = rows.source(node.input[0]), rows.graph.constant(node.input[1])
    if found is None or axes is None or axes.size != 1:
        return None
    if int(axes.reshape(-1)[0]) % len(found[1]) != len(found[1]) - 1:
        return None
    one = np.full(axes.shape, 1, axes.dtype)
    return [found[0], rows.graph.add_constant(f"{node.name}/axis", one)]


def _join(rows: Rows, node: NodeDef) -> None:
    """A reshape of a reshape is one; one that changes nothing is none."""
    graph, shapes = rows.graph, rows.shapes
    inner = graph.nodes.get(node.input[0])
    if inner is not None and inner.op == "Reshape":
        graph.set_input(node, 0, inner.input[0])
    before, after = shapes.get(node.input[0]), shapes.get(node.name)
    same = before is not None and before == after and before.count(None) <= 1
    if same and node.name not in graph.outputs:
        for reader in graph.readers(node.name):
            for i, reference in enumerate(reader.input):
                if reference in (node.name, f"{node.name}:0"):
                    graph.set_input(reader, i, node.input[0])


def _aligned(rows: Rows, node: NodeDef, shape: Shape) -> list[str] | None:
    """The inputs as matrices, or as vectors over the columns, where each can be either."""
    graph = rows.graph
    found = [rows.source(r) for r in node.input]
    if not any(found):
        return None
    inputs = []
    for reference, source in zip(node.input, found, strict=True):
        own = rows.shapes.get(reference)
        constant = graph.nodes[node_of(reference)].op == "Const"
        if source is not None and source[1][:-1] == shape[:-1]:
            inputs.append(source[0])
        elif own is not None and prod(n or 0 for n in own[:-1]) == 1 and (constant or not own):
            if constant and len(own) > 1:
                value = graph.constant(reference)
                assert value is not None
                reference = graph.add_constant(f"{node.name}/vector", value.reshape(-1))
            inputs.append(reference)
        elif own == shape and shape[-1] is not None and not constant:
            flat = reshape(graph, reference, [-1, shape[-1]], data_type_of(node), node.name)
            known = None if None in shape[:-1] else prod(n or 0 for n in shape[:-1])
            rows.shapes[flat] = [known, shape[-1]]
            inputs.append(flat)
        else:
            return None
    return inputs
