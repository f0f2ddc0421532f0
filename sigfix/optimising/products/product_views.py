"""Tensors that only show columns of a matrix product: reshaped, turned round, cut.

A transformer computes queries, keys and values of all heads in one or three products of rows, and
then cuts the result apart. Which columns of the product a tensor holds, and in which order, says
how to compute it with those columns of the weights alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from sigfix.optimising.graph.building import reshape
from sigfix.optimising.graph.graph import Array, Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import DT_FLOAT
from sigfix.optimising.graph.permutations import is_identity
from sigfix.optimising.graph.shapes import Shapes
from sigfix.optimising.graph.slices import cuts_of
from sigfix.optimising.graph.transposes import transpose

FLAT, BATCH, ROWS = -3, -2, -1
"""Axes of a view that are not columns: all rows, or batch and rows of one batch element."""


@dataclass(frozen=True)
class Product:
    """rows [R, K] x weights [K, C], plus bias [C] where there is one: what node `name` computes.

    `rows`, `weights` and `bias` are references; `columns` is C.
    """

    name: str
    rows: str
    weights: str
    columns: int
    bias: str | None = None


@dataclass(frozen=True)
class View:
    """`axes` of the tensor: `FLAT`, `BATCH`, `ROWS`, or the axis of `columns` that it shows.

    `columns` holds numbers of the product's columns; `rows` is the length of the axis `ROWS`.
    """

    product: Product
    axes: tuple[int, ...]
    columns: Array
    rows: int = 0

    def take(self, axis: int, index: int) -> View:
        """One index of an axis of columns; the axis goes."""
        taken = self.axes[axis]
        left = [a for k, a in enumerate(self.axes) if k != axis]
        axes = tuple(a - 1 if a > taken else a for a in left)
        return replace(self, axes=axes, columns=self.columns.take(index, taken))


class Views:
    """The views of one graph, by reference; what is none is None."""

    def __init__(self, graph: Graph, shapes: Shapes) -> None:
        self.graph = graph
        self.shapes = shapes
        self._known: dict[str, View | None] = {}

    def of(self, reference: str) -> View | None:
        """The view that a tensor is."""
        if reference not in self._known:
            self._known[reference] = self._find(reference)
        return self._known[reference]

    def _find(self, reference: str) -> View | None:
        node = self.graph.nodes.get(node_of(reference))
        if node is None:
            return None
        product = self._product(node)
        if product is not None:
            return View(product, (FLAT, 0), np.arange(product.columns))
        rule = _RULES.get(node.op)
        if rule is None or (":" in reference and node.op not in ("Split", "Unpack")):
            return None
        source = self.of(node.input[1 if node.op == "Split" else 0])
        return None if source is None else rule(self, node, source, reference)

    def _product(self, node: NodeDef) -> Product | None:
        """The product with constant weights that a node computes, its bias included."""
        if node.op in ("BiasAdd", "AddV2"):
            for data, other in ((0, 1), (1, 0)):
                inner = self.graph.nodes[node_of(node.input[data])]
                if inner.op != "MatMul" or self.graph.constant_node(node.input[other]) is None:
                    continue
                product = self._product(inner)
                if product and self.shapes.get(node.input[other]) == [product.columns]:
                    return replace(product, name=str(node.name), bias=str(node.input[other]))
            return None
        if node.op != "MatMul" or node.attr["T"].type != DT_FLOAT:
            return None
        if node.attr["transpose_a"].b or node.attr["transpose_b"].b:
            return None
        rows, weights = map(str, node.input)
        shape = self.shapes.get(weights)
        if self.graph.constant_node(weights) is None or not shape or shape[1] is None:
            return None
        return Product(str(node.name), rows, weights, shape[1])

    def _reshape(self, node: NodeDef, source: View, _: str) -> View | None:
        shape = self.shapes.get(node.name)
        columns = [a for a in source.axes if a >= 0]
        if shape is None or len(shape) < 3 or None in shape[1:] or columns != sorted(columns):
            return None
        lengths = [int(size) for size in shape[1:] if size is not None]
        same_rows = source.axes[:2] == (BATCH, ROWS) and lengths[0] == source.rows
        if source.axes[0] != FLAT and not same_rows:
            return None
        if math.prod(lengths[1:]) != source.columns.size:
            return None
        axes = (BATCH, ROWS, *range(len(lengths) - 1))
        return View(source.product, axes, source.columns.reshape(lengths[1:]), lengths[0])

    def _transpose(self, node: NodeDef, source: View, _: str) -> View | None:
        order = self.graph.constant(node.input[1])
        if order is None or FLAT in source.axes:
            return None
        return replace(source, axes=tuple(source.axes[int(k)] for k in order))

    def _split(self, node: NodeDef, source: View, reference: str) -> View | None:
        axis = self.graph.constant(node.input[0])
        if axis is None or source.axes[int(axis)] < 0:
            return None
        parts = np.split(source.columns, int(node.attr["num_split"].i), source.axes[int(axis)])
        return replace(source, columns=parts[_port(reference)])

    def _unpack(self, node: NodeDef, source: View, reference: str) -> View | None:
        axis = int(node.attr["axis"].i) % len(source.axes)
        return source.take(axis, _port(reference)) if source.axes[axis] >= 0 else None

    def _strided_slice(self, node: NodeDef, source: View, _: str) -> View | None:
        cuts = cuts_of(self.graph, node, len(source.axes))
        if cuts is None or any(cut.axis is None for cut in cuts):
            return None
        view, place = source, 0
        for cut in cuts:
            own = view.axes[place]
            if own < 0 and not cut.takes_all(None):
                return None
            if cut.dropped:
                view = view.take(place, cut.begin or 0)
                continue
            if own >= 0:
                cut_out = [slice(None)] * view.columns.ndim
                cut_out[own] = cut.places()
                view = replace(view, columns=view.columns[tuple(cut_out)])
            place += 1
        return view


_RULES = {
    "Reshape": Views._reshape,
    "Transpose": Views._transpose,
    "Split": Views._split,
    "StridedSlice": Views._strided_slice,
    "Unpack": Views._unpack,
}


def _port(reference: str) -> int:
    return int(reference.partition(":")[2] or 0)


def materialise(graph: Graph, view: View, base: str) -> str:
    """Add the nodes that compute a view from its own columns of the weights; returns the last."""
    shown = [a for a in view.axes if a >= 0]
    columns = view.columns.transpose(shown)
    made = (BATCH, ROWS, *shown)
    order = [made.index(axis) for axis in view.axes]
    flat = columns.reshape(-1)
    whole = graph.constant(view.product.weights)
    assert whole is not None
    weights = graph.add_constant(f"{base}/weights", np.ascontiguousarray(whole[:, flat]))
    node = graph.add_node(f"{base}/product", "MatMul", [view.product.rows, weights], DT_FLOAT)
    addend = None if view.product.bias is None else graph.constant(view.product.bias)
    if addend is not None:
        bias = graph.add_constant(f"{base}/bias", addend[flat])
        node = graph.add_node(f"{base}/biased", "BiasAdd", [node.name, bias], DT_FLOAT)
    shaped = reshape(graph, str(node.name), (None, view.rows, *columns.shape), DT_FLOAT, base)
    return shaped if is_identity(order) else transpose(graph, shaped, order, DT_FLOAT, base)
