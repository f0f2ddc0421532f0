"""Sizes that no static shape tells, followed back to where they come from.

A dynamic batch keeps its identity through a network: knowing that the unknown first size of a
tensor is the batch of the input is what lets shape arithmetic be folded.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from sigfix.optimising.graph.graph import Graph, NodeDef
from sigfix.optimising.graph.operator_kinds import BROADCASTING, UNARY, names
from sigfix.optimising.graph.shapes import Shapes

SAME_SHAPE = UNARY | {"BiasAdd", "Softmax", "LogSoftmax", "FusedBatchNormV3", "LRN"}
SAME_BATCH = names(
    "Conv2D DepthwiseConv2dNative MaxPool AvgPool MatMul BatchMatMulV2 ResizeBilinear "
    "ResizeNearestNeighbor Mean Max Sum Pad PadV2 MirrorPad ConcatV2"
)
RESHAPES = names("Reshape Squeeze ExpandDims")


@dataclass(frozen=True)
class Dimension:
    """The unknown size of one axis of a node's first output."""

    node: str
    axis: int


Size = int | Dimension


def symbolic_shapes(graph: Graph, shapes: Shapes) -> dict[str, list[Size]]:
    """Each node's first output: static sizes, and unknown ones by the tensor they come from."""
    result: dict[str, list[Size]] = {}
    for node in graph.ordered():
        shape = shapes.get(node.name)
        if shape is not None:
            result[node.name] = [
                size if size is not None else _origin(graph, node, axis, shape, result)
                for axis, size in enumerate(shape)
            ]
    return result


def _origin(
    graph: Graph,
    node: NodeDef,
    axis: int,
    shape: list[int | None],
    known: dict[str, list[Size]],
) -> Dimension:
    own = Dimension(str(node.name), axis)
    inputs = [known.get(r) for r in node.input]
    source = inputs[0] if inputs else None
    found: Size | None = None
    if node.op in BROADCASTING:
        found = _broadcast(inputs, axis - len(shape))
    elif source is None:
        return own
    elif node.op == "Transpose":
        permutation = graph.constant(node.input[1])
        found = None if permutation is None else source[int(permutation[axis])]
    elif node.op == "Conv2DBackpropInput" and axis == 0:
        images = known.get(node.input[2])
        found = None if images is None else images[0]
    elif node.op == "Slice":
        found = source[axis] if _is_whole(graph, node, axis) else None
    elif node.op in RESHAPES:
        found = _reshaped(source, shape)
    elif len(source) == len(shape) and (
        node.op in SAME_SHAPE or (axis == 0 and _keeps_batch(graph, node))
    ):
        found = source[axis]
    return found if isinstance(found, Dimension) else own


def _keeps_batch(graph: Graph, node: NodeDef) -> bool:
    if node.op not in SAME_BATCH or node.attr["transpose_a"].b or node.attr["adj_x"].b:
        return False
    if node.op in ("Mean", "Max", "Sum"):
        axes = graph.constant(node.input[1])
        return axes is not None and bool((np.ravel(axes) > 0).all())
    if node.op in ("Pad", "PadV2", "MirrorPad"):
        amounts = graph.constant(node.input[1])
        return amounts is not None and not amounts[0].any()
    if node.op == "ConcatV2":
        axis = graph.constant(node.input[-1])
        return axis is not None and int(axis) > 0
    return True


def _is_whole(graph: Graph, node: NodeDef, axis: int) -> bool:
    begin, size = (graph.constant(r) for r in node.input[1:3])
    return begin is not None and size is not None and begin[axis] == 0 and size[axis] == -1


def _broadcast(inputs: list[list[Size] | None], axis: int) -> Size | None:
    """The unknown size that all inputs which have this axis (from the end) agree on."""
    sizes: set[Size] = set()
    for shape in inputs:
        if shape is None:
            return None
        if len(shape) >= -axis and shape[axis] != 1:
            sizes.add(shape[axis])
    return sizes.pop() if len(sizes) == 1 else None


def _reshaped(source: list[Size], shape: list[int | None]) -> Size | None:
    """The one unknown size of both shapes, where everything else has as many elements."""
    unknown = [size for size in source if isinstance(size, Dimension)]
    rest = prod(size for size in source if isinstance(size, int))
    known = prod(size for size in shape if size is not None)
    if len(unknown) == 1 and shape.count(None) == 1 and rest == known != 0:
        return unknown[0]
    return None
