"""Transposed convolution + pad + slice -> one transposed convolution with explicit padding.

ONNX pads and crops the result of a transposed convolution; importers compute the whole result,
append zeros and cut. The whole result is zero outside its support, so its padded and cut form is
the same transposed convolution with other padding.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigfix.optimising.graph.graph import Graph, NodeDef
from sigfix.optimising.graph.operator_kinds import is_channels_last
from sigfix.optimising.graph.shapes import Shapes, infer_shapes


def absorb_crops(graph: Graph) -> int:
    """Fold pads and slices behind transposed convolutions into them; returns how many."""
    candidates = [n for n in graph.nodes.values() if n.op == "Conv2DBackpropInput"]
    if not candidates:
        return 0
    shapes = infer_shapes(graph)
    return sum(_absorb(graph, node, shapes) for node in candidates)


def _absorb(graph: Graph, node: NodeDef, shapes: Shapes) -> bool:
    weights, whole = graph.constant(node.input[1]), shapes.get(node.name)
    source = shapes.get(node.input[2])
    if weights is None or not source or not whole or not is_channels_last(node):
        return False
    if node.attr["padding"].s != b"VALID" or set(node.attr["dilations"].list.i) - {1}:
        return False
    last, before = node, [0, 0]
    reader = graph.only_reader(last.name)
    if reader is not None and reader.op == "Pad":
        amounts = graph.constant(reader.input[1])
        if amounts is None or amounts[[0, 3]].any():
            return False
        before = [int(a) for a in amounts[1:3, 0]]
        last, reader = reader, graph.only_reader(reader.name)
    if reader is not None and reader.op == "Slice":
        begin, size = (graph.constant(r) for r in reader.input[1:3])
        padded, cut = shapes.get(last.name), shapes.get(reader.name)
        if begin is None or size is None or not padded or not cut:
            return False
        if begin[[0, 3]].any() or size[0] != -1 or cut[3] != padded[3]:
            return False
        before = [b - int(c) for b, c in zip(before, begin[1:3], strict=True)]
        last = reader
    result = shapes.get(last.name)
    if last is node or not result or None in (*result[1:3], *source[1:3]):
        return False
    return _with_padding(graph, node, last, [-b for b in before], (weights, source, result))


def _with_padding(
    graph: Graph, node: NodeDef, last: NodeDef, cut: list[int], sizes: tuple[Any, ...]
) -> bool:
    """Give `node` the place of `last`: its result without the first `cut` rows and columns."""
    weights, source, result = sizes
    strides = list(node.attr["strides"].list.i)[1:3]
    pads = []
    for axis, (stride, first) in enumerate(zip(strides, cut, strict=True)):
        inputs, outputs, kernel = source[axis + 1], result[axis + 1], weights.shape[axis]
        # The forward convolution from `outputs` rows must give `inputs` rows again.
        after = stride * (inputs - 1) + kernel - outputs - first
        if first < 0 or after <= -stride:
            return False
        pads += [first, max(after, 0)]
    batch = graph.nodes.get(node.input[0])
    height, width = result[1:3]
    whole = graph.constant(node.input[0])
    if whole is not None:
        fixed = [int(whole[0]), height, width, weights.shape[2]]
        graph.set_input(
            node, 0, graph.add_constant(f"{node.name}/sizes", np.array(fixed, np.int32))
        )
    elif batch is not None and batch.op == "Pack" and len(batch.input) == 4:
        extents = [
            graph.add_constant(f"{node.name}/extent", np.array(n, np.int32))
            for n in (height, width, weights.shape[2])
        ]
        sizes_node = graph.add_node(f"{node.name}/sizes", "Pack", [batch.input[0], *extents], batch)
        sizes_node.attr["N"].i = 4
        sizes_node.attr["axis"].i = 0
        graph.set_input(node, 0, sizes_node.name)
    else:
        return False
    node.attr["padding"].s = b"EXPLICIT"
    node.attr["explicit_paddings"].list.i[:] = [0, 0, *pads, 0, 0]
    graph.replace(last.name, node.name)
    graph.prune()
    return True
