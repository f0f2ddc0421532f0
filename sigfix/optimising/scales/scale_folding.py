"""Batch norms, scales and shifts by constants -> the weights and biases of linear products.

Exact up to the rounding of the new weights. The arithmetic on weights is done in float64.
"""

from __future__ import annotations

import numpy as np

from sigfix.optimising.graph.affine import Affine, as_affine, emit
from sigfix.optimising.graph.building import add_bias
from sigfix.optimising.graph.graph import Array, Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import DT_FLOAT, PRODUCTS, names
from sigfix.optimising.graph.shapes import Shapes, infer_shapes
from sigfix.optimising.scales.last_axis import last_axis_is_whole
from sigfix.optimising.scales.weights import (
    DATA_INPUT,
    INPUT_AXIS,
    scale_inputs,
    scale_outputs,
    weights_of,
)


def fold_scales(graph: Graph) -> int:
    """Fold until nothing changes; returns how many operators were folded."""
    shapes = infer_shapes(graph)
    folded = 0
    while True:
        found = _fold_once(graph, shapes)
        graph.prune()
        if not found:
            return folded
        folded += found


COMMUTING = names("ExpandDims Mean Reshape Slice Squeeze StridedSlice Transpose")
"""Operators with which scales and shifts of channels commute, where the last axis is whole."""


def _fold_once(graph: Graph, shapes: Shapes) -> int:
    folded = 0
    for node in graph.ordered():
        if node.name not in graph.nodes or node.name in graph.outputs:
            continue
        affine = as_affine(graph, node, shapes)
        if affine is None:
            continue
        if _into_producer(graph, node, affine, shapes) or _into_readers(
            graph, node, affine, shapes
        ):
            folded += 1
    return folded


def _into_producer(
    graph: Graph,
    node: NodeDef,
    affine: Affine,
    shapes: Shapes,
) -> bool:
    """Fold into the product, or join with the affine operator, that nobody else reads."""
    producer = graph.nodes.get(affine.data)
    if producer is None or graph.only_reader(producer.name) is None:
        return False
    weights = weights_of(graph, producer)
    if weights is not None:
        if not affine.scales and (node.op == "BiasAdd" or not shapes.get(producer.name)):
            return False  # as it should be, or as good as it gets
        if affine.scales:
            scale_outputs(graph, producer, weights, affine.scale)
        _put(graph, node, _bias(graph, producer, affine.shift, shapes), shapes)
        return True
    inner = as_affine(graph, producer, shapes)
    if inner is None:
        return False
    joined = affine.after(inner)
    product = graph.nodes.get(inner.data)
    if product is not None and not inner.scales and graph.only_reader(product.name):
        weights = weights_of(graph, product)
        if weights is not None:
            if affine.scales:
                scale_outputs(graph, product, weights, affine.scale)
            _put(graph, node, _bias(graph, product, joined.shift, shapes), shapes)
            return True
    after = int(joined.scales) + int(joined.shifts)
    if after >= 2:
        return False
    _put(graph, node, emit(graph, joined, node.name), shapes)
    return True


def _bias(graph: Graph, product: NodeDef, shift: Array, shapes: Shapes) -> str:
    """`product` with a vector added to its channels; the last node's name."""
    if not shift.any():
        return str(product.name)
    channels = (shapes.get(product.name) or [None])[-1]
    if channels is not None:
        shift = np.broadcast_to(shift, (channels,))
    value = graph.add_constant(f"{product.name}/bias", shift.astype(np.float32))
    if channels is None:
        return str(graph.add_node(f"{product.name}/added", "AddV2", [product.name, value], 1).name)
    added = add_bias(graph, f"{product.name}/biased", product.name, value, DT_FLOAT)
    return str(added.name)


def _put(graph: Graph, node: NodeDef, new: str, shapes: Shapes) -> None:
    """Let `new` take the place of `node`."""
    shape = shapes.get(node.name)
    if node.name in graph.named:  # a product whose weights were scaled computes this one now
        graph.named[new] = graph.named[node.name]
    graph.replace(node.name, new)
    if shape is not None:
        shapes[new] = shape


def _into_readers(
    graph: Graph,
    node: NodeDef,
    affine: Affine,
    shapes: Shapes,
) -> bool:
    """Fold into every product that reads the result, unless that is a product's bias already."""
    producer = graph.nodes.get(affine.data)
    if not affine.scales and producer is not None and producer.op in PRODUCTS:
        return False
    found = _products_behind(graph, node, shapes)
    if not found or len({product.name for product, _ in found}) < len(found):
        return False
    if affine.shifts and any(
        _pads(product, kernel) or product.name in graph.outputs for product, kernel in found
    ):
        return False
    for product, kernel in found:
        if affine.shifts:
            _shift_result(graph, product, _response(product, kernel, affine.shift), shapes)
        if affine.scales:
            scale_inputs(graph, product, kernel, affine.scale)
    graph.replace(node.name, affine.data)
    return True


def _products_behind(
    graph: Graph, node: NodeDef, shapes: Shapes
) -> list[tuple[NodeDef, Array]] | None:
    """Every product that reads `node`, maybe behind operators that keep channels; with weights.

    None where something else reads it.
    """
    channels = (shapes.get(node.name) or [None])[-1]
    readers = graph.readers(node.name)
    if node.name in graph.outputs or not readers:
        return None
    found: list[tuple[NodeDef, Array]] = []
    for reader in readers:
        weights = weights_of(graph, reader)
        if weights is not None:
            if reader.input[DATA_INPUT[reader.op]] not in (node.name, f"{node.name}:0"):
                return None
            if channels not in (None, weights.shape[INPUT_AXIS[reader.op](reader)]):
                return None  # a convolution in groups: each sees a part of the channels
            found.append((reader, weights))
            continue
        if reader.op not in COMMUTING or node_of(reader.input[0]) != node.name:
            return None
        if not last_axis_is_whole(graph, reader, shapes):
            return None
        behind = _products_behind(graph, reader, shapes)
        if behind is None:
            return None
        found += behind
    return found


def _pads(product: NodeDef, weights: Array) -> bool:
    """Whether a product sees zeros that are not its input's."""
    if product.op in ("MatMul", "BatchMatMulV2"):
        return False
    padding = product.attr["padding"].s
    unpadded = padding == b"VALID" or (padding == b"SAME" and weights.shape[:2] == (1, 1))
    return product.op == "Conv2DBackpropInput" or not unpadded


def _response(product: NodeDef, weights: Array, shift: Array) -> Array:
    """What a product makes of a constant `shift` in each channel of its input."""
    kernel = weights.astype(np.float64)
    if product.op == "MatMul":
        matrix = kernel.T if product.attr["transpose_b"].b else kernel
        return np.asarray(np.broadcast_to(shift, matrix.shape[:1]) @ matrix)
    if product.op == "BatchMatMulV2":
        matrix = np.swapaxes(kernel, -1, -2) if product.attr["adj_y"].b else kernel
        result = np.asarray(np.broadcast_to(shift, matrix.shape[-2:-1]) @ matrix)
        return result if result.ndim == 1 else result[..., None, :]
    each = kernel.sum(axis=(0, 1)) * np.broadcast_to(shift, kernel.shape[2:3])[:, None]
    return np.asarray(each.sum(axis=0) if product.op == "Conv2D" else each.reshape(-1))


def _shift_result(graph: Graph, product: NodeDef, shift: Array, shapes: Shapes) -> None:
    """Add `shift` behind a product that is no output."""
    value = graph.add_constant(f"{product.name}/bias", shift.astype(np.float32))
    base = f"{product.name}/biased"
    if shift.ndim == 1:
        added = add_bias(graph, base, product.name, value, DT_FLOAT)
    else:
        added = graph.add_node(base, "AddV2", [product.name, value], DT_FLOAT)
    shapes[str(added.name)] = shapes.get(product.name) or []
    for node in graph.readers(product.name):
        for i, reference in enumerate(node.input):
            if node is not added and reference in (product.name, f"{product.name}:0"):
                graph.set_input(node, i, added.name)
