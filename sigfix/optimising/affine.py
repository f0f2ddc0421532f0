"""Operators that scale and shift every channel: recognised, and folded into linear products.

x * scale + shift, with a scalar or one value for each channel (the last axis), is what a batch
norm in inference, a normalisation of the input or a bare multiplication by a constant computes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sigfix.optimising.graph import Graph, NodeDef, node_of
from sigfix.optimising.operator_kinds import DT_FLOAT, data_type_of, is_channels_last
from sigfix.optimising.shapes import Shapes

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Affine:
    """`data` * scale + shift; both are float64, scalars or vectors over the last axis."""

    data: str
    scale: Array
    shift: Array

    @property
    def scales(self) -> bool:
        """Whether the scale changes anything."""
        return bool((self.scale != 1).any())

    @property
    def shifts(self) -> bool:
        """Whether the shift changes anything."""
        return bool((self.shift != 0).any())

    def after(self, inner: Affine) -> Affine:
        """This one applied to the result of `inner`."""
        return Affine(inner.data, inner.scale * self.scale, inner.shift * self.scale + self.shift)


ONE, NONE = np.array(1.0), np.array(0.0)


def as_affine(graph: Graph, node: NodeDef, shapes: Shapes) -> Affine | None:
    """What `node` computes, as an `Affine`, where it is one."""
    if data_type_of(node) != DT_FLOAT:
        return None
    if node.op in BATCH_NORMS:
        return _batch_norm(graph, node)
    for constant, data in ((1, 0), (0, 1)):
        make = FORMS.get((node.op, constant))
        if make is None or len(node.input) != 2:
            continue
        value = _per_channel(graph, node, constant, data, shapes)
        if value is not None:
            return make(str(node.input[data]), value)
    return None


def _per_channel(
    graph: Graph, node: NodeDef, constant: int, data: int, shapes: Shapes
) -> Array | None:
    """A constant operand as a float64 scalar or vector over the last axis of the other one."""
    source = graph.nodes[node_of(node.input[constant])]
    shape = shapes.get(node.input[data])
    if source.op != "Const" or shape is None or not is_channels_last(node):
        return None
    value = graph.constant(node.input[constant])
    if value is None or value.ndim > len(shape) or not value.size:
        return None
    if value.size == 1:
        return value.astype(np.float64).reshape(())
    if value.size != value.shape[-1] or shape[-1] != value.size:
        return None
    return value.astype(np.float64).reshape(-1)


FORMS: dict[tuple[str, int], Callable[[str, Array], Affine]] = {
    ("Mul", 0): lambda data, c: Affine(data, c, NONE),
    ("Mul", 1): lambda data, c: Affine(data, c, NONE),
    ("RealDiv", 1): lambda data, c: Affine(data, 1 / c, NONE),
    ("Add", 0): lambda data, c: Affine(data, ONE, c),
    ("Add", 1): lambda data, c: Affine(data, ONE, c),
    ("AddV2", 0): lambda data, c: Affine(data, ONE, c),
    ("AddV2", 1): lambda data, c: Affine(data, ONE, c),
    ("BiasAdd", 1): lambda data, c: Affine(data, ONE, c),
    ("Sub", 1): lambda data, c: Affine(data, ONE, -c),
    ("Sub", 0): lambda data, c: Affine(data, -ONE, c),
}
"""(operator, position of the constant) -> what it computes."""

BATCH_NORMS = ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")


def _batch_norm(graph: Graph, node: NodeDef) -> Affine | None:
    training = "is_training" not in node.attr or node.attr["is_training"].b
    parameters = [graph.constant(r) for r in node.input[1:5]]
    if training or not is_channels_last(node) or len(parameters) != 4:
        return None
    if any(p is None for p in parameters) or has_other_readers(graph, node):
        return None
    gamma, beta, mean, variance = (np.asarray(p, np.float64) for p in parameters)
    epsilon = node.attr["epsilon"].f if "epsilon" in node.attr else 1e-4
    scale = gamma / np.sqrt(variance + epsilon)
    return Affine(str(node.input[0]), scale, beta - mean * scale)


def has_other_readers(graph: Graph, node: NodeDef) -> bool:
    """Whether something reads another result than the first: the statistics of a batch norm."""
    first = (node.name, f"{node.name}:0")
    return any(
        node_of(r) == node.name and r not in first
        for c in graph.readers(node.name)
        for r in c.input
    )


def emit(graph: Graph, affine: Affine, base: str) -> str:
    """Add the operators that compute `affine`, at most two, and return the last one's name."""
    last = affine.data
    if affine.scales:
        factor = graph.add_constant(f"{base}/scale", affine.scale.astype(np.float32))
        last = str(graph.add_node(f"{base}/scaled", "Mul", [last, factor], DT_FLOAT).name)
    if affine.shifts:
        shift = graph.add_constant(f"{base}/shift", affine.shift.astype(np.float32))
        last = str(graph.add_node(f"{base}/shifted", "AddV2", [last, shift], DT_FLOAT).name)
    return last


def weights_of(graph: Graph, product: NodeDef) -> Array | None:
    """The constant weights of a product whose channels can be scaled, else None."""
    if product.op not in OUTPUT_AXES or data_type_of(product) != DT_FLOAT:
        return None
    if product.op == "MatMul" and product.attr["transpose_a"].b:
        return None
    if product.op == "BatchMatMulV2" and product.attr["adj_x"].b:
        return None
    if not is_channels_last(product):
        return None
    weights = graph.constant(product.input[1])
    return weights if weights is not None and weights.ndim >= 2 else None


def _matrix_axes(product: NodeDef) -> tuple[int, int]:
    """(input axis, output axis) of the weights of a matrix product."""
    turned = product.attr["transpose_b"].b or product.attr["adj_y"].b
    return (-1, -2) if turned else (-2, -1)


OUTPUT_AXES: dict[str, Callable[[NodeDef], tuple[int, ...]]] = {
    "Conv2D": lambda node: (3,),
    "DepthwiseConv2dNative": lambda node: (2, 3),
    "Conv2DBackpropInput": lambda node: (2,),
    "MatMul": lambda node: (_matrix_axes(node)[1],),
    "BatchMatMulV2": lambda node: (_matrix_axes(node)[1],),
}
"""The axes of a product's weights that make up the channels of its result."""

INPUT_AXIS: dict[str, Callable[[NodeDef], int]] = {
    "Conv2D": lambda node: 2,
    "DepthwiseConv2dNative": lambda node: 2,
    "Conv2DBackpropInput": lambda node: 3,
    "MatMul": lambda node: _matrix_axes(node)[0],
    "BatchMatMulV2": lambda node: _matrix_axes(node)[0],
}
"""The axis of a product's weights that goes over the channels of its data input."""

DATA_INPUT = {
    "Conv2D": 0,
    "DepthwiseConv2dNative": 0,
    "Conv2DBackpropInput": 2,
    "MatMul": 0,
    "BatchMatMulV2": 0,
}


def scale_outputs(graph: Graph, product: NodeDef, weights: Array, scale: Array) -> None:
    """Multiply the result of `product` by `scale`, through its weights."""
    axes = [axis % weights.ndim for axis in OUTPUT_AXES[product.op](product)]
    if scale.ndim:
        sizes = [weights.shape[axis] if axis in axes else 1 for axis in range(weights.ndim)]
        scale = scale.reshape(sizes)
    _set_weights(graph, product, weights * scale)


def scale_inputs(graph: Graph, product: NodeDef, weights: Array, scale: Array) -> None:
    """Make `product` compute what it did from its data input times `scale`."""
    axis = INPUT_AXIS[product.op](product) % weights.ndim
    if scale.ndim:
        scale = scale.reshape([-1 if i == axis else 1 for i in range(weights.ndim)])
    _set_weights(graph, product, weights * scale)


def _set_weights(graph: Graph, product: NodeDef, weights: Array) -> None:
    base = f"{node_of(product.input[1])}/scaled"
    graph.set_input(product, 1, graph.add_constant(base, weights.astype(np.float32)))
