"""Attention over all heads in one batched product -> one product for each head.

TF.js's WebAssembly backend (4.22) gives a product to XNNPACK only where both sides have a batch of
one; any other is a plain loop. With the heads among the batch dimensions attention is always the
loop, whatever the batch. A product a head is the fast one for a batch of one, and no worse for
more. Measured there on six heads of [129, 64] x [64, 129]: 8.3 against 1.2 ms; with 26 rows and 26
keys both take the same, so small products stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sigfix.optimising.graph.building import add_concatenation
from sigfix.optimising.graph.graph import Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import BROADCASTING, DT_FLOAT, UNARY
from sigfix.optimising.graph.shapes import infer_shapes
from sigfix.optimising.graph.transposes import look_through, transpose
from sigfix.optimising.products.product_views import Views, materialise

LEAST_PRODUCTS = 100_000
"""Multiplications of one head from which a product of its own pays."""
MERGING = (0, 2, 1, 3)
"""The permutation that brings the heads [B, H, N, D] back beside their channels."""

HeadOf = Callable[[int], str]
"""Adds the nodes that compute one head of a tensor [B, H, ...] and names the last of them."""


def separate_heads(graph: Graph) -> int:
    """Rewrite every attention whose heads come from products of rows; returns how many."""
    merging = [
        (node, source)
        for node in graph.ordered()
        for source, permutation in [look_through(graph, node.name) or ("", ())]
        if permutation == MERGING and node.name not in graph.outputs
    ]
    if not merging:
        return 0
    views = Views(graph, infer_shapes(graph))
    rewritten = 0
    for node, source in merging:
        shape, readers = views.shapes.get(node.name), graph.readers(node.name)
        if not shape or shape[2] is None or {reader.op for reader in readers} != {"Reshape"}:
            continue
        heads = _Heads(graph, views)
        head_of = heads.of(source)
        if head_of is None or heads.largest < LEAST_PRODUCTS:
            continue
        parts = [head_of(head) for head in range(shape[2])]
        axis = graph.add_constant(f"{node.name}/axis", np.array(2, np.int32))
        whole = add_concatenation(graph, f"{node.name}/heads", parts, axis, DT_FLOAT)
        graph.redirect(str(node.name), str(whole.name))
        rewritten += 1
    graph.prune()
    return rewritten


@dataclass
class _Heads:
    """How to compute one head of the tensors of one attention."""

    graph: Graph
    views: Views
    largest: int = 0

    def of(self, reference: str) -> HeadOf | None:
        """What computes one head of a tensor [B, H, ...]; None where that cannot be told."""
        node = self.graph.nodes[node_of(reference)]
        view = self.views.of(reference)
        if view is not None:
            if len(view.axes) != 4 or view.axes[1] < 0:
                return None
            own = view.columns.shape[view.axes[1]] > 1  # or else all heads share one
            return lambda head: materialise(
                self.graph, view.take(1, head if own else 0), f"{node.name}/{head}"
            )
        if (
            ":" in reference
            or len(self.graph.readers(node.name)) > 1
            or node.name in self.graph.outputs
        ):
            return None
        if node.op == "BatchMatMulV2":
            return self._product(node)
        if node.op in UNARY or node.op in BROADCASTING or node.op == "Softmax":
            return self._element_wise(node)
        return None

    def _product(self, node: NodeDef) -> HeadOf | None:
        left, product = self.views.shapes.get(node.input[0]), self.views.shapes.get(node.name)
        first, second = (self.of(reference) for reference in node.input)
        if left is None or product is None or first is None or second is None:
            return None
        sizes = [left[-1], *product[-2:]]
        if len(product) != 4 or None in sizes or node.attr["adj_x"].b:
            return None
        self.largest = max(self.largest, math.prod(size for size in sizes if size))

        def build(head: int) -> str:
            inputs = [first(head), second(head)]
            base = f"{node.name}/{head}"
            if node.attr["adj_y"].b:
                inputs[1] = transpose(self.graph, inputs[1], (0, 2, 1), DT_FLOAT, base)
            return str(self.graph.add_node(base, "BatchMatMulV2", inputs, node).name)

        return build

    def _element_wise(self, node: NodeDef) -> HeadOf | None:
        sides = [self._side(reference) for reference in node.input]
        if None in sides:
            return None

        def build(head: int) -> str:
            inputs = [side(head) for side in sides if side is not None]
            copy = self.graph.add_node(f"{node.name}/{head}", node.op, inputs, node)
            for name in node.attr:
                copy.attr[name].CopyFrom(node.attr[name])
            return str(copy.name)

        return build

    def _side(self, reference: str) -> HeadOf | None:
        """An operand of an element-wise operator: a constant may have no axis of heads."""
        value = self.graph.constant(reference)
        if value is None:
            return self.of(reference)
        if value.ndim < 3:
            return lambda head: reference
        heads = value.shape[-3]

        def build(head: int) -> str:
            own = value.take(head if heads > 1 else 0, value.ndim - 3)
            return self.graph.add_constant(f"{node_of(reference)}/{head}", own)

        return build
