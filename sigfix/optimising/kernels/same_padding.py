"""SAME padding of convolutions whose stride is larger than their kernel -> explicit padding.

Where the last window ends before the image does, SAME pads nothing. TF.js's WebAssembly backend
(4.22) takes the difference for padding there and gives wrong numbers; with the amounts written
out it is right. Pooling is not affected.
"""

from __future__ import annotations

from sigfix.describing.same_padding import CONVOLUTIONS, same_padding
from sigfix.optimising.graph.graph import Graph, NodeDef
from sigfix.optimising.graph.operator_kinds import is_channels_last
from sigfix.optimising.graph.shapes import Shapes, infer_shapes


def write_out_padding(graph: Graph) -> int:
    """Rewrite the NHWC convolutions that need it; returns how many.

    Of an axis of open size the kernel has to be one wide: nothing is ever padded there.
    """
    candidates = [
        n
        for n in graph.nodes.values()
        if n.op in CONVOLUTIONS
        and n.attr["padding"].s == b"SAME"
        and is_channels_last(n)
        and max(n.attr["strides"].list.i) > 1
    ]
    if not candidates:
        return 0
    shapes = infer_shapes(graph)
    return sum(_rewrite(node, shapes) for node in candidates)


def _rewrite(node: NodeDef, shapes: Shapes) -> bool:
    image, kernel = shapes.get(node.input[0]), shapes.get(node.input[1])
    strides, dilations = list(node.attr["strides"].list.i), list(node.attr["dilations"].list.i)
    if not image or not kernel:
        return False
    amounts, missed = [0, 0], False
    for axis in (0, 1):
        size, extent = image[axis + 1], kernel[axis]
        stride, dilation = strides[axis + 1], dilations[axis + 1] if dilations else 1
        if extent is None or (size is None and extent > 1):
            return False
        total = 1 - stride if size is None else same_padding(size, extent, stride, dilation)
        missed = missed or total < 0
        total = max(total, 0)
        amounts += [total // 2, total - total // 2]
    if not missed:
        return False
    node.attr["padding"].s = b"EXPLICIT" if any(amounts) else b"VALID"
    if any(amounts):
        node.attr["explicit_paddings"].list.i[:] = [*amounts, 0, 0]
    return True
