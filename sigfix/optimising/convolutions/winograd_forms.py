"""A convolution by Winograd's F(4, 3) in two forms: each is fast where the other is slow.

What TF.js's wasm backend multiplies with is packed first, and what depends on other operators is
packed anew each time (4 to 6 ns a number, as long as 60 products). `as_convolutions` packs the
transformed kernels: good for large images. `as_matrix_products` puts the kernels on the left, which
is not packed, and packs the tiles: good for large kernels. For that channels come first, and the
rows of a kernel are laid side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sigfix.optimising.convolutions.winograd_transforms import (
    KERNEL_SCALE,
    Arithmetic,
    transformed_kernels,
    transformed_products,
    transformed_tiles,
)
from sigfix.optimising.graph.building import (
    add_bias,
    add_concatenation,
    add_convolution,
    add_padding,
    reshape,
)
from sigfix.optimising.graph.graph import Array, Graph, NodeDef
from sigfix.optimising.graph.operator_kinds import DT_FLOAT, DT_INT32
from sigfix.optimising.graph.transposes import transpose


@dataclass(frozen=True)
class Convolution:
    """A convolution [B, height, width, C] -> [B, rows, width, O] and its weights [K, 3, C, O]."""

    node: NodeDef
    weights: Array
    height: int
    width: int
    rows: int
    pads: list[int]
    """Of the height, before and after."""
    bias: str | None
    """The reference of a bias [O] that is added to nothing but the result."""

    @property
    def name(self) -> str:
        """Of its node, and the beginning of the names of those that take its place."""
        return str(self.node.name)


def as_convolutions(graph: Graph, of: Convolution, tile_kernels: Sequence[str]) -> str:
    """Add the form whose products are convolutions of kernels one wide; returns its result."""
    node, base, channels = of.node, of.name, of.weights.shape[2]
    kernels = _kernels(graph, of, [of.weights[:, i : i + 1] for i in range(3)])
    tiles = transformed_tiles(graph, node.input[0], of.width, channels, tile_kernels, node)
    products = []
    for k, (tile, kernel) in enumerate(zip(tiles, kernels, strict=True)):
        size = [None, of.height, of.width // 4, channels]
        image = reshape(graph, tile, size, DT_FLOAT, base)
        inputs, pads = [image, kernel], (of.pads, (0, 0))
        product = add_convolution(graph, f"{base}/product_{k}", "Conv2D", inputs, node, pads=pads)
        products.append(str(product.name))
    if of.bias is not None:
        products[1] = str(add_bias(graph, f"{base}/biased", products[1], of.bias, node).name)
    axis = graph.add_constant(f"{base}/axis", np.array(3, np.int32))
    parts = transformed_products(Arithmetic(graph, base), products)
    joined = add_concatenation(graph, f"{base}/joined", parts, axis, node)
    size = [None, of.rows, of.width, of.weights.shape[3]]
    return reshape(graph, str(joined.name), size, DT_FLOAT, base)


def as_matrix_products(graph: Graph, of: Convolution, tile_kernels: Sequence[str]) -> str:
    """Add the form whose products are [O, K C] x [K C, tiles]; returns its result.

    `tile_kernels` are for K * C channels.
    """
    node, base, outputs = of.node, of.name, of.weights.shape[3]
    channels = of.weights.shape[0] * of.weights.shape[2]
    by_column = of.weights.transpose(1, 3, 0, 2).reshape(3, outputs, channels)
    kernels = _kernels(graph, of, list(by_column))
    source = _rows_side_by_side(graph, of)
    tiles = transformed_tiles(graph, source, of.width, channels, tile_kernels, node)
    products = []
    for k, (tile, kernel) in enumerate(zip(tiles, kernels, strict=True)):
        flat = reshape(graph, tile, [None, channels], DT_FLOAT, base)
        inputs = [kernel, transpose(graph, flat, (1, 0), DT_FLOAT, base)]
        product = graph.add_node(f"{base}/product_{k}", "MatMul", inputs, node)
        products.append(str(product.name))
    add = Arithmetic(graph, base)
    if of.bias is not None:
        column = reshape(graph, of.bias, [outputs, 1], DT_FLOAT, base)
        products[1] = add("AddV2", products[1], column)
    axis = graph.add_constant(f"{base}/axis", np.array(0, np.int32))
    joined = add_concatenation(
        graph, f"{base}/joined", transformed_products(add, products), axis, node
    )
    apart = reshape(graph, str(joined.name), [4, outputs, None], DT_FLOAT, base)
    channels_last = transpose(graph, apart, (2, 0, 1), DT_FLOAT, base)
    return reshape(graph, channels_last, [None, of.rows, of.width, outputs], DT_FLOAT, base)


def _kernels(graph: Graph, of: Convolution, columns: list[Array]) -> list[str]:
    """The transformed kernels from the three columns of the weights.

    They are computed anew each time: stored, they would double the file.
    """
    base = f"{of.name}/kernel"
    scaled = [(column.astype(np.float64) / KERNEL_SCALE).astype(np.float32) for column in columns]
    p, q, r = (graph.add_constant(base, np.ascontiguousarray(column)) for column in scaled)
    return transformed_kernels(Arithmetic(graph, base), p, q, r)


def _rows_side_by_side(graph: Graph, of: Convolution) -> str:
    """[B, height, width, C] -> [B, rows, width, K * C]: what lies below each other, in channels."""
    node, base, taps = of.node, of.name, of.weights.shape[0]
    if taps == 1 and not any(of.pads):
        return str(node.input[0])
    amounts = [(0, 0), of.pads, (0, 0), (0, 0)]
    padded = add_padding(graph, f"{base}/padded", str(node.input[0]), amounts, node)
    if taps == 1:
        return str(padded.name)
    size = graph.add_constant(f"{base}/size", np.array([-1, of.rows, -1, -1], np.int32))
    parts = []
    for first in range(taps):
        begin = graph.add_constant(f"{base}/begin", np.array([0, first, 0, 0], np.int32))
        inputs = [str(padded.name), begin, size]
        part = graph.add_node(f"{base}/row_{first}", "Slice", inputs, node)
        part.attr["Index"].type = DT_INT32
        parts.append(str(part.name))
    axis = graph.add_constant(f"{base}/axis", np.array(3, np.int32))
    return str(add_concatenation(graph, f"{base}/window", parts, axis, node).name)
