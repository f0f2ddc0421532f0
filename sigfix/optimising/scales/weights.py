"""The weights of linear products: which of their axes the channels are, and scaled along those."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sigfix.optimising.graph.graph import Array, Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import DT_FLOAT, data_type_of, is_channels_last


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
