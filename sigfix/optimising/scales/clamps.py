"""Clamps in their cheapest form: Relu, Relu6, or one ClipByValue.

TF.js computes a minimum and a maximum with a constant in slow general kernels (fifty times the
cost of Relu6 in the WebAssembly backend), and fuses Relu6 into a convolution. A hard-sigmoid,
min(max(a * x + b, 0), h), is written as relu6(6 a / h * x + 6 b / h) * h / 6, whose scale and
shift the other passes fold.
"""

from __future__ import annotations

import numpy as np

from sigfix.optimising.graph.affine import as_affine
from sigfix.optimising.graph.graph import Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import DT_FLOAT, data_type_of
from sigfix.optimising.graph.shapes import Shapes, infer_shapes

SIDES = {"Minimum": "Maximum", "Maximum": "Minimum"}


def rewrite_clamps(graph: Graph) -> int:
    """Rewrite every clamp of floats by scalar constants; returns how many."""
    shapes = infer_shapes(graph)
    rewritten = 0
    for node in graph.ordered():
        if node.name in graph.nodes and data_type_of(node) == DT_FLOAT:
            rewritten += _rewrite(graph, node, shapes)
    graph.prune()
    return rewritten


def _rewrite(graph: Graph, node: NodeDef, shapes: Shapes) -> bool:
    if node.op == "ClipByValue":
        bounds = [_scalar(graph, r) for r in node.input[1:3]]
        if bounds[0] is None or bounds[1] is None:
            return False
        return _emit(graph, node, node.input[0], bounds[0], bounds[1], shapes)
    outer = _bound(graph, node)
    if outer is None:
        return False
    data, limit = outer
    inner_node = graph.nodes[node_of(data)]
    inner = _bound(graph, inner_node) if inner_node.op == SIDES[node.op] else None
    if inner is not None and graph.only_reader(inner_node.name) is not None:
        low, high = (limit, inner[1]) if node.op == "Maximum" else (inner[1], limit)
        if low <= high:  # otherwise the order of the two counts
            return _emit(graph, node, inner[0], low, high, shapes)
    if node.op == "Maximum" and limit == 0 and not _clamped_next(graph, node):
        graph.replace(node.name, graph.add_node(f"{node.name}/relu", "Relu", [data], node).name)
        return True
    return False


def _clamped_next(graph: Graph, node: NodeDef) -> bool:
    reader = graph.only_reader(node.name)
    return reader is not None and reader.op == "Minimum" and _bound(graph, reader) is not None


def _scalar(graph: Graph, reference: str) -> float | None:
    if graph.nodes[node_of(reference)].op != "Const":
        return None
    value = graph.constant(reference)
    return float(value.reshape(())) if value is not None and value.size == 1 else None


def _bound(graph: Graph, node: NodeDef) -> tuple[str, float] | None:
    """(data, scalar constant) of a Minimum or Maximum whose constant does not add axes."""
    if node.op not in SIDES or data_type_of(node) != DT_FLOAT:
        return None
    for constant, data in ((1, 0), (0, 1)):
        value = _scalar(graph, node.input[constant])
        array = graph.constant(node.input[constant]) if value is not None else None
        if value is not None and array is not None and array.ndim == 0:
            return str(node.input[data]), value
    return None


def _emit(graph: Graph, node: NodeDef, data: str, low: float, high: float, shapes: Shapes) -> bool:
    base = str(node.name)
    if low == 0 and high == 6:
        new = graph.add_node(f"{base}/relu6", "Relu6", [data], node)
    elif low == 0 and high > 0 and _is_scaled(graph, data, shapes):
        up = graph.add_constant(f"{base}/up", np.array(6 / high, np.float32))
        down = graph.add_constant(f"{base}/down", np.array(high / 6, np.float32))
        wide = graph.add_node(f"{base}/wide", "Mul", [data, up], node)
        relu = graph.add_node(f"{base}/relu6", "Relu6", [wide.name], node)
        new = graph.add_node(f"{base}/narrow", "Mul", [relu.name, down], node)
    elif node.op != "ClipByValue":
        limits = [graph.add_constant(f"{base}/limit", np.array(v, np.float32)) for v in (low, high)]
        new = graph.add_node(f"{base}/clip", "ClipByValue", [data, *limits], node)
    else:
        return False
    graph.replace(node.name, new.name)
    return True


def _is_scaled(graph: Graph, data: str, shapes: Shapes) -> bool:
    """Whether a scale of `data` would cost nothing: a factor is there already."""
    inner = as_affine(graph, graph.nodes[node_of(data)], shapes)
    if inner is None:
        return False
    before = as_affine(graph, graph.nodes[node_of(inner.data)], shapes)
    return inner.scales or (before is not None and before.scales)
