"""Layer norms need not subtract a mean that is zero.

A layer norm takes the mean of its input away. Where every reader of a stream of sums is a layer
norm, as in a transformer that normalises first, the mean can be taken away from everything that is
added to the stream instead: from the weights and biases of the products and from constants, once
and for all. Each layer norm is then two operators shorter.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sigfix.optimising.graph.graph import Array, Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import DT_FLOAT, data_type_of, is_channels_last, names
from sigfix.optimising.graph.shapes import Shapes, infer_shapes
from sigfix.optimising.scales.last_axis import last_axis_is_whole
from sigfix.optimising.scales.weights import OUTPUT_AXES, weights_of

SUMS = ("Add", "AddV2", "BiasAdd")
SAME_ROWS = names("Reshape Squeeze ExpandDims StridedSlice Slice BroadcastTo")
"""Operators that leave rows as they are, where the last axis is whole."""

Edit = Callable[[], None]


def centre_streams(graph: Graph) -> int:
    """Drop the means that can be dropped; returns how many layer norms got shorter."""
    if not any(node.op == "Rsqrt" for node in graph.nodes.values()):
        return 0
    shapes = infer_shapes(graph)
    dropped = 0
    for node in graph.ordered():
        if node.name in graph.nodes and node.op == "Sub":
            x = _centred(graph, node, shapes)
            stream = None if x is None else _Stream(graph, shapes)
            if x is not None and stream is not None and stream.include(x):
                dropped += stream.apply()
    graph.prune()
    return dropped


def _centred(graph: Graph, node: NodeDef, shapes: Shapes) -> str | None:
    """x where `node` computes x minus its mean over the last axis."""
    if node.op != "Sub":
        return None
    x, mean = node.input[0], graph.nodes[node_of(node.input[1])]
    rank = len(shapes[x]) if x in shapes else None
    if mean.op == "Mean" and mean.input[0] == x and _is_mean_of_last(graph, mean, rank):
        return str(x)
    return None


def _is_mean_of_last(graph: Graph, node: NodeDef, rank: int | None) -> bool:
    """Whether `node` is the mean over the last axis, kept."""
    axes = graph.constant(node.input[1]) if node.op == "Mean" else None
    if axes is None or axes.size != 1 or not node.attr["keep_dims"].b:
        return False
    axis = int(np.ravel(axes)[0])
    return axis == -1 or (rank is not None and axis == rank - 1)


class _Stream:
    """Tensors that may lose their mean together."""

    def __init__(self, graph: Graph, shapes: Shapes):
        self.graph, self.shapes = graph, shapes
        self.members: set[str] = set()
        self.edits: list[Edit] = []
        self.norms: list[NodeDef] = []

    def include(self, first: str) -> bool:
        """Add a tensor, what it is made of, and the sums that read it; False where that fails."""
        waiting = [first]
        while waiting:
            reference = waiting.pop()
            node = self.graph.nodes.get(reference)
            if reference in self.members:
                continue
            if node is None or node.name in self.graph.outputs or data_type_of(node) != DT_FLOAT:
                return False
            self.members.add(reference)
            parts, readers = self._parts(node), self._readers(node)
            if parts is None or readers is None:
                return False
            waiting += parts + readers
        return True

    def _channels(self, reference: str) -> int | None:
        return (self.shapes.get(reference) or [None])[-1]

    def _parts(self, node: NodeDef) -> list[str] | None:
        """The inputs that have to be in the stream for `node` to be."""
        channels = self._channels(node.name)
        weights = weights_of(self.graph, node)
        if channels is None:
            return None
        if weights is not None and node.op in ("Conv2D", "MatMul"):
            axis = OUTPUT_AXES[node.op](node)[0]
            self.edits.append(lambda: self._set(node, 1, weights, axis))
            return []
        places: list[int] = []
        if node.op in SUMS and is_channels_last(node):
            places = [0, 1]
        elif node.op in SAME_ROWS and last_axis_is_whole(self.graph, node, self.shapes):
            places = [0]
        elif node.op == "ConcatV2":
            axis_value = self.graph.constant(node.input[-1])
            rank = len(self.shapes[node.name])
            if axis_value is None or int(axis_value) % rank == rank - 1:
                return None
            places = list(range(len(node.input) - 1))
        parts = []
        for place in places:
            reference = node.input[place]
            value = self.graph.constant(reference)
            if value is not None:
                if value.ndim == 0 or value.shape[-1] != channels:
                    return None
                self.edits.append(lambda p=place, v=value: self._set(node, p, v, -1))  # type: ignore[misc]
            elif self._channels(reference) != channels:
                return None
            else:
                parts.append(str(reference))
        return parts if places else None

    def _set(self, node: NodeDef, place: int, value: Array, axis: int) -> None:
        exact = value.astype(np.float64)
        centred = (exact - exact.mean(axis=axis, keepdims=True)).astype(np.float32)
        self.graph.set_input(node, place, self.graph.add_constant(f"{node.name}/centred", centred))

    def _readers(self, node: NodeDef) -> list[str] | None:
        """The readers that have to be in the stream; None where one is nothing of the kind."""
        inside = []
        for reader in self.graph.readers(node.name):
            if reader.name in self.graph.outputs:
                return None
            if _centred(self.graph, reader, self.shapes) == node.name:
                self.norms.append(reader)
            elif reader.op == "Mean":
                behind = self.graph.readers(reader.name)
                if any(_centred(self.graph, r, self.shapes) != node.name for r in behind):
                    return None
            elif reader.op in SUMS or reader.op in SAME_ROWS or reader.op == "ConcatV2":
                inside.append(str(reader.name))
            else:
                return None
        return inside

    def apply(self) -> int:
        """Take the mean out of everything, and the subtractions out of the graph."""
        for edit in self.edits:
            edit()
        norms = {node.name: node for node in self.norms}
        for name, node in norms.items():
            self.graph.replace(name, node.input[0])
        return len(norms)
