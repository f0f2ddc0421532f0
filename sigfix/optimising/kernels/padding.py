"""Pad + depthwise convolution -> depthwise convolution with explicit padding.

TensorFlow 2.19 itself must not meet the result (it aborts when it fuses such a kernel), so this
pass belongs to the export.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigfix.optimising.graph.graph import Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import is_channels_last

CONVOLUTIONS = ("DepthwiseConv2dNative", "Conv2D")


def fold_padding(graph: Graph) -> int:
    """Move zero padding of height and width (NHWC) into the convolution behind it."""
    folded = 0
    nodes: list[Any] = list(graph.nodes.values())
    for node in nodes:
        if not _folds(node):
            continue
        pad: Any = graph.nodes[node_of(node.input[0])]
        if pad.op not in ("Pad", "PadV2"):
            continue
        amounts = graph.constant(pad.input[1])
        readers = graph.readers(pad.name)
        if amounts is None or pad.name in graph.outputs:
            continue
        if not all(_folds(reader) and node_of(reader.input[0]) == pad.name for reader in readers):
            continue
        if pad.op == "PadV2":
            value = graph.constant(pad.input[2])
            if value is None or value != 0:
                continue
        if amounts.shape != (4, 2) or amounts[[0, 3]].any() or (amounts < 0).any():
            continue
        node.attr["padding"].s = b"EXPLICIT"
        node.attr["explicit_paddings"].list.i[:] = [int(a) for a in np.ravel(amounts)]
        graph.set_input(node, 0, pad.input[0])
        if not graph.readers(pad.name):
            del graph.nodes[pad.name]
        folded += 1
    return folded


def _folds(node: NodeDef) -> bool:
    plain = node.op in CONVOLUTIONS and node.attr["padding"].s == b"VALID"
    return plain and is_channels_last(node)
