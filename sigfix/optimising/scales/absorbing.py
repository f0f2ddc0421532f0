"""Where a scalar factor can go: edits of weights, planned before any is made.

A factor commutes with everything linear. On the way to the weights that take it in, above a tensor
or below it, everything has to let it pass; where one operator does not, there is no edit at all.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sigfix.optimising.graph.graph import Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import DT_FLOAT, data_type_of, names
from sigfix.optimising.graph.shapes import Shapes
from sigfix.optimising.scales.weights import DATA_INPUT, scale_inputs, scale_outputs, weights_of

HOMOGENEOUS = names(
    "AvgPool DepthToSpace ExpandDims Identity LeakyRelu Max MaxPool Mean Min Neg Relu Reshape "
    "ResizeBilinear ResizeNearestNeighbor Slice SpaceToDepth Squeeze StridedSlice Sum Tile "
    "Transpose Pad MirrorPad ReverseV2 GatherV2 Abs"
)
"""f(c * x) = c * f(x) for every c > 0, for the first input and the first output."""

FURTHEST = 40
"""Operators that a factor may pass; beyond that nobody could follow what happened."""

Edit = Callable[[], None]


class Absorbing:
    """Plans where a factor goes; an edit list is only made when nothing stands in the way."""

    def __init__(self, graph: Graph, shapes: Shapes):
        self.graph, self.shapes = graph, shapes
        self.seen: set[str] = set()
        self.products: set[str] = set()

    def below(self, node: NodeDef, factor: float) -> list[Edit] | None:
        """Edits after which everything that reads `node` expects it without the factor."""
        readers = self.graph.readers(node.name)
        if node.name in self.graph.outputs or not readers or not self._visit(node):
            return None
        edits: list[Edit] = []
        for reader in readers:
            more = self._reader(reader, node, factor)
            if more is None:
                return None
            edits += more
        return edits

    def _visit(self, node: NodeDef) -> bool:
        known = node.name in self.seen
        self.seen.add(node.name)
        return not known and len(self.seen) <= FURTHEST

    def _reader(self, reader: NodeDef, node: NodeDef, factor: float) -> list[Edit] | None:
        graph = self.graph
        data = [i for i, r in enumerate(reader.input) if node_of(r) == node.name]
        first = (node.name, f"{node.name}:0")
        if len(data) != 1 or reader.input[data[0]] not in first or data_type_of(reader) != DT_FLOAT:
            return None
        weights = weights_of(graph, reader)
        if weights is not None and data[0] == DATA_INPUT[reader.op]:
            if reader.name in self.products:
                return None
            self.products.add(reader.name)
            scale, kernel = np.array(factor), weights
            return [lambda: scale_inputs(graph, reader, kernel, scale)]
        if reader.op in HOMOGENEOUS and data[0] == 0:
            return self.below(reader, factor)
        if reader.op == "MatMul" or reader.op == "BatchMatMulV2" or reader.op == "Mul":
            return self._constant(reader, factor) or self.below(reader, factor)
        if reader.op in ("AddV2", "Add", "Sub", "BiasAdd"):
            other = reader.input[1 - data[0]]
            divided = self._divided(reader, 1 - data[0], other, 1 / factor)
            after = None if divided is None else self.below(reader, factor)
            return None if divided is None or after is None else divided + after
        return None

    def _constant(self, reader: NodeDef, factor: float) -> list[Edit] | None:
        """A constant factor takes this one in."""
        if reader.op != "Mul":
            return None
        for i, reference in enumerate(reader.input):
            if self._is_constant(reference):
                return [self._scaled(reader, i, factor)]
        return None

    def _is_constant(self, reference: str) -> bool:
        node = self.graph.nodes[node_of(reference)]
        return node.op == "Const" and data_type_of(node) == DT_FLOAT

    def _scaled(self, reader: NodeDef, position: int, factor: float) -> Edit:
        def edit() -> None:
            value = self.graph.constant(reader.input[position])
            assert value is not None
            scaled = (value.astype(np.float64) * factor).astype(np.float32)
            self.graph.set_input(
                reader, position, self.graph.add_constant(f"{reader.name}/scaled", scaled)
            )

        return edit

    def _divided(
        self, reader: NodeDef, position: int, reference: str, factor: float
    ) -> list[Edit] | None:
        if self._is_constant(reference):
            return [self._scaled(reader, position, factor)]
        return self.above(reference, factor, reader)

    def above(self, reference: str, factor: float, reader: NodeDef) -> list[Edit] | None:
        """Edits after which `reference`, which only `reader` may read, is times the factor."""
        graph = self.graph
        node = graph.nodes[node_of(reference)]
        if ":" in reference or node.name in graph.outputs or data_type_of(node) != DT_FLOAT:
            return None
        if [r.name for r in self.graph.readers(node.name)] != [reader.name]:
            return None
        return self.at(node, factor)

    def at(self, node: NodeDef, factor: float) -> list[Edit] | None:
        """Edits after which `node`, whoever reads it, is times the factor."""
        graph = self.graph
        if not self._visit(node):
            return None
        weights = weights_of(graph, node)
        if weights is not None:
            if node.name in self.products:
                return None
            self.products.add(node.name)
            kernel = weights
            return [lambda: scale_outputs(graph, node, kernel, np.array(factor))]
        if node.op in HOMOGENEOUS:
            return self.above(node.input[0], factor, node)
        if node.op in ("Mul", "MatMul", "BatchMatMulV2"):
            constant = self._constant(node, factor)
            if constant is not None:
                return constant
            return self.above(node.input[0], factor, node) or self.above(
                node.input[1], factor, node
            )
        if node.op in ("AddV2", "Add", "Sub", "BiasAdd"):
            edits: list[Edit] = []
            for i, part in enumerate(node.input):
                more = self._divided(node, i, part, factor)
                if more is None:
                    return None
                edits += more
            return edits
        return None
