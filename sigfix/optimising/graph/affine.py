"""Operators that scale and shift every channel: recognised, and written out again.

x * scale + shift, with a scalar or one value for each channel (the last axis), is what a batch
norm in inference, a normalisation of the input or a bare multiplication by a constant computes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sigfix.optimising.graph.graph import Array, Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import DT_FLOAT, data_type_of, is_channels_last
from sigfix.optimising.graph.shapes import Shapes


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
    training = node.attr["is_training"].b
    parameters = [graph.constant(r) for r in node.input[1:5]]
    if training or not is_channels_last(node) or len(parameters) != 4:
        return None
    if any(p is None for p in parameters) or has_other_readers(graph, node):
        return None
    gamma, beta, mean, variance = (np.asarray(p, np.float64) for p in parameters)
    epsilon = node.attr["epsilon"].f
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
