"""Transposed convolution -> one convolution over the sub-kernels plus an interleave.

TF.js's WebAssembly backend runs `Conv2DBackpropInput` in a plain loop (six calls took half of
linknet_resnet18's time), but convolutions in XNNPACK. With stride s, output row s*m + a depends
on input rows m + d through kernel row a + p - s*d only (p: padding before), so the s*s phases of
the output are s*s groups of channels of one ordinary convolution. Interleaving them as whole
rows, [B*H, W, s, s*C] -> [B*H, s, W, s*C], is ten times faster there than DepthToSpace.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sigfix.optimising.graph.building import add_bias, add_convolution, reshape
from sigfix.optimising.graph.graph import Graph, NodeDef
from sigfix.optimising.graph.operator_kinds import ACTIVATIONS, data_type_of, is_channels_last
from sigfix.optimising.graph.shapes import infer_shapes
from sigfix.optimising.graph.transposes import transpose


@dataclass(frozen=True)
class Axis:
    """One spatial axis: taps d reach input rows m + d, from `first` to `last`."""

    stride: int
    pad: int
    kernel: int

    @property
    def taps(self) -> list[int]:
        """Offsets of the input rows that reach an output row of any phase."""
        phases = range(self.stride)
        return sorted(
            {
                (a + self.pad - k) // self.stride
                for a in phases
                for k in range(self.kernel)
                if (a + self.pad - k) % self.stride == 0
            }
        )


def sub_kernels(weights: np.ndarray[Any, Any], rows: Axis, columns: Axis) -> np.ndarray[Any, Any]:
    """[kh, kw, M, C] of the transposed convolution -> [th, tw, C, s * s * M] of the plain one."""
    first = (min(rows.taps), min(columns.taps))
    extent = (max(rows.taps) - first[0] + 1, max(columns.taps) - first[1] + 1)
    _, _, outputs, inputs = weights.shape
    result = np.zeros((*extent, inputs, rows.stride, columns.stride, outputs), weights.dtype)
    for i, j, a, b in np.ndindex(*extent, rows.stride, columns.stride):
        k = a + rows.pad - rows.stride * (i + first[0])
        m = b + columns.pad - columns.stride * (j + first[1])
        if 0 <= k < rows.kernel and 0 <= m < columns.kernel:
            result[i, j, :, a, b, :] = weights[k, m].T
    return result.reshape(*extent, inputs, -1)


def rewrite_transposed_convolutions(graph: Graph) -> int:
    """Rewrite every one whose result is exactly stride times its input; returns how many."""
    candidates = [n for n in graph.nodes.values() if n.op == "Conv2DBackpropInput"]
    if not candidates:
        return 0
    shapes = infer_shapes(graph)
    return sum(_rewrite(graph, node, shapes) for node in candidates)


def _rewrite(graph: Graph, node: NodeDef, shapes: dict[str, list[int | None]]) -> bool:
    weights = graph.constant(node.input[1])
    source = shapes.get(node.input[2])
    target = shapes.get(node.name)
    if weights is None or not source or not target or not is_channels_last(node):
        return False
    strides = list(node.attr["strides"].list.i)[1:3]
    sizes, extents = source[1:3], target[1:3]
    if None in sizes or set(node.attr["dilations"].list.i) - {1}:
        return False
    if [n * s for n, s in zip(sizes, strides, strict=True) if n is not None] != extents:
        return False
    axes = [
        Axis(s, _pad_before(node, i, e or 0, k, s), k)
        for i, (s, e, k) in enumerate(zip(strides, extents, weights.shape[:2], strict=True))
    ]
    if any(min(a.taps) > 0 or max(a.taps) < 0 for a in axes):
        return False
    result = _emit(graph, node, sub_kernels(weights, *axes), axes, [*sizes, weights.shape[2]])
    shapes[result] = target
    return True


def _pad_before(node: NodeDef, axis: int, extent: int, kernel: int, stride: int) -> int:
    padding = node.attr["padding"].s
    if padding == b"EXPLICIT":
        return int(node.attr["explicit_paddings"].list.i[2 + 2 * axis])
    if padding == b"VALID":
        return 0
    output = -(-extent // stride)
    return max((output - 1) * stride + kernel - extent, 0) // 2


def _emit(
    graph: Graph, node: NodeDef, kernel: np.ndarray[Any, Any], axes: list[Axis], size: list[Any]
) -> str:
    """Put the new operators in the place of `node`; returns the name of the last."""
    height, width, channels = size
    s, t = axes[0].stride, axes[1].stride
    inputs = [node.input[2], graph.add_constant(f"{node.name}/kernels", kernel)]
    pads = [(-min(a.taps), max(a.taps)) for a in axes]
    convolution = add_convolution(graph, f"{node.name}/phases", "Conv2D", inputs, node, pads=pads)
    if s == t == 1:  # one phase: the plain convolution is the result
        graph.replace(node.name, convolution.name)
        graph.prune()
        return str(convolution.name)
    value, last = _move_in_front(graph, node, convolution, s * t)
    kind, base = data_type_of(node), str(node.name)
    rows = reshape(graph, str(value.name), [None, width, s, t * channels], kind, base)
    turned = transpose(graph, rows, (0, 2, 1, 3), kind, base)
    image = reshape(graph, turned, [None, s * height, t * width, channels], kind, base)
    graph.replace(last.name, image)
    graph.prune()
    return image


def _move_in_front(
    graph: Graph, node: NodeDef, convolution: NodeDef, phases: int
) -> tuple[NodeDef, NodeDef]:
    """Put the bias and the activation behind `node` in front of the interleave.

    Returns the last node before the interleave and the node that the interleave replaces.
    """
    value, last = convolution, node
    while True:
        reader = graph.only_reader(last.name)
        if reader is None:
            return value, last
        if reader.op == "BiasAdd" and value is convolution and is_channels_last(reader):
            bias = graph.constant(reader.input[1])
            if bias is None:
                return value, last
            tiled = graph.add_constant(f"{node.name}/bias", np.tile(bias, phases))
            value = add_bias(graph, f"{node.name}/biased", value.name, tiled, node)
        elif reader.op in ACTIVATIONS:
            value = graph.add_node(f"{node.name}/{reader.op}", reader.op, [value.name], node)
        else:
            return value, last
        last = reader
