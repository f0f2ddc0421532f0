"""Depthwise convolutions in the one form that every TensorFlow computes.

TensorFlow's own kernel takes equal strides of rows and columns and no dilation; oneDNN's takes
both, and TensorFlow uses that by default only on processors with AVX512-VNNI and the like. The
same numbers come from the smaller stride with every n-th row left out afterwards, and from a
kernel that is spread with zeros. That is slower, and only for running a graph here: TF.js has
kernels for any strides and dilations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sigfix.describing.same_padding import same_padding
from sigfix.optimising.graph.building import add_convolution
from sigfix.optimising.graph.graph import Graph, NodeDef
from sigfix.optimising.graph.operator_kinds import DT_INT32, is_channels_last
from sigfix.optimising.graph.shapes import Shapes, infer_shapes


def use_plain_kernels(graph: Graph) -> int:
    """Rewrite in place what TensorFlow's own kernel does not compute; returns how many."""
    found = [node for node in graph.nodes.values() if _needs_more(node)]
    if not found or any(node.op == "Enter" for node in graph.nodes.values()):
        return 0  # in a loop a constant would belong to its frame
    shapes = infer_shapes(graph)
    return sum(_rewrite(graph, node, shapes) for node in found)


def _needs_more(node: NodeDef) -> bool:
    if node.op != "DepthwiseConv2dNative" or not is_channels_last(node):
        return False
    strides, dilations = _both(node)
    return strides[0] != strides[1] or dilations != [1, 1]


def _both(node: NodeDef) -> tuple[list[int], list[int]]:
    """Strides and dilations of rows and columns."""
    strides, dilations = (list(node.attr[a].list.i) for a in ("strides", "dilations"))
    return strides[1:3], dilations[1:3] or [1, 1]


def _rewrite(graph: Graph, node: NodeDef, shapes: Shapes) -> bool:
    strides, dilations = _both(node)
    weights, kernel = str(node.input[1]), shapes.get(node.input[1])
    if dilations != [1, 1]:
        value = graph.constant(weights)
        if value is None:
            return False
        weights = graph.add_constant(f"{node.name}/spread", _spread(value, dilations))
        kernel = [*((n - 1) * d + 1 for n, d in zip(value.shape[:2], dilations, strict=True))]
    if kernel is None or kernel[0] is None or kernel[1] is None:
        return False
    image = shapes.get(node.input[0]) or [None] * 4
    extents = [int(n) for n in kernel[:2] if n is not None]
    data = _padded(graph, node, image[1:3], extents, strides)
    least, most = min(strides), max(strides)
    stride = least if most % least == 0 else 1
    base, inputs = str(node.name), [data, weights]
    product = add_convolution(graph, f"{base}/plain", node.op, inputs, node, stride)
    steps = [1, *(s // stride for s in strides), 1]
    places = [
        graph.add_constant(f"{base}/cut", np.array(values, np.int32))
        for values in ([0] * 4, [0] * 4, steps)
    ]
    cut = graph.add_node(f"{base}/every", "StridedSlice", [product.name, *places], node)
    cut.attr["Index"].type = DT_INT32
    cut.attr["begin_mask"].i = cut.attr["end_mask"].i = 0b1111
    graph.replace(node.name, cut.name)
    return True


def _spread(weights: np.ndarray[Any, Any], dilations: Sequence[int]) -> np.ndarray[Any, Any]:
    """The kernel with zeros between its rows and columns."""
    (rows, columns), (down, across) = weights.shape[:2], dilations
    extent = ((rows - 1) * down + 1, (columns - 1) * across + 1)
    result = np.zeros((*extent, *weights.shape[2:]), weights.dtype)
    result[::down, ::across] = weights
    return result


def _padded(
    graph: Graph,
    node: NodeDef,
    sizes: Sequence[int | None],
    extents: Sequence[int],
    strides: Sequence[int],
) -> str:
    """The image with the zeros that `node` sees around it."""
    kind, base = node.attr["padding"].s, str(node.name)
    if kind == b"VALID":
        return str(node.input[0])
    if kind == b"EXPLICIT":
        amounts = np.reshape(node.attr["explicit_paddings"].list.i, (4, 2))
    elif None in sizes:
        return _pad(graph, node, _amounts_of_same(graph, node, extents, strides))
    else:
        totals = [
            max(same_padding(size or 0, extent, stride), 0)
            for size, extent, stride in zip(sizes, extents, strides, strict=True)
        ]
        amounts = np.array([(0, 0), *((n // 2, n - n // 2) for n in totals), (0, 0)])
    return _pad(graph, node, graph.add_constant(f"{base}/amounts", amounts.astype(np.int32)))


def _pad(graph: Graph, node: NodeDef, amounts: str) -> str:
    pad = graph.add_node(f"{node.name}/padded", "Pad", [node.input[0], amounts], node)
    pad.attr["Tpaddings"].type = DT_INT32
    return str(pad.name)


def _amounts_of_same(
    graph: Graph, node: NodeDef, extents: Sequence[int], strides: Sequence[int]
) -> str:
    """The amounts [4, 2] of SAME, worked out where the graph runs: the image's size is open.

    max((ceil(size / stride) - 1) * stride + extent - size, 0), half of it in front.
    """
    base = f"{node.name}/same"

    def constant(value: Any) -> str:
        return graph.add_constant(base, np.array(value, np.int32))

    def add(op: str, *inputs: str) -> str:
        return str(graph.add_node(base, op, inputs, DT_INT32).name)

    shape = graph.add_node(base, "Shape", [node.input[0]], node)
    shape.attr["out_type"].type = DT_INT32
    size = graph.add_node(base, "Slice", [shape.name, constant([1]), constant([2])], DT_INT32)
    size.attr["Index"].type = DT_INT32
    stride = constant(strides)
    backwards = add("FloorDiv", add("Neg", str(size.name)), stride)  # minus the windows
    last = add("Mul", add("Sub", constant([-1, -1]), backwards), stride)
    total = add("Sub", add("AddV2", last, constant(extents)), str(size.name))
    total = add("Maximum", total, constant([0, 0]))
    before = add("FloorDiv", total, constant([2, 2]))
    pack = graph.add_node(base, "Pack", [before, add("Sub", total, before)], DT_INT32)
    pack.attr["N"].i, pack.attr["axis"].i = 2, 1
    amounts = graph.add_node(base, "Pad", [pack.name, constant([[1, 1], [0, 0]])], DT_INT32)
    amounts.attr["Tpaddings"].type = DT_INT32
    return str(amounts.name)
