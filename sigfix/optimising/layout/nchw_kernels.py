"""Kernels that want NCHW -> the same kernels in NHWC between two transposes.

TF.js computes images in NHWC only. The transposes are left to the layout pass.
"""

from __future__ import annotations

import numpy as np

from sigfix.optimising.graph.graph import Graph, NodeDef
from sigfix.optimising.graph.operator_kinds import data_type_of
from sigfix.optimising.graph.shapes import infer_shapes
from sigfix.optimising.graph.transposes import put_behind, transpose

TO_NHWC = (0, 2, 3, 1)
TO_NCHW = (0, 3, 1, 2)

IMAGE_INPUTS = {
    "Conv2D": (0,),
    "DepthwiseConv2dNative": (0,),
    "Conv2DBackpropInput": (2,),
    "MaxPool": (0,),
    "AvgPool": (0,),
    "FusedBatchNorm": (0,),
    "FusedBatchNormV2": (0,),
    "FusedBatchNormV3": (0,),
    "BiasAdd": (0,),
    "DepthToSpace": (0,),
    "SpaceToDepth": (0,),
}
"""Which inputs of a kernel with a data_format are images; its first output is one too."""

PER_AXIS = ("strides", "dilations", "ksize")


def rewrite_nchw_kernels(graph: Graph) -> int:
    """Rewrite each kernel whose data_format is NCHW; returns how many."""
    rewritten = 0
    found = [n for n in graph.nodes.values() if n.attr["data_format"].s == b"NCHW"]
    shapes = infer_shapes(graph) if found else {}
    for node in found:
        images = IMAGE_INPUTS.get(node.op)
        if images is None or len(shapes.get(node.input[images[0]], TO_NHWC)) != 4:
            continue  # a bias may be added to something else than an image
        if node.op == "Conv2DBackpropInput" and not _turn_sizes(graph, node):
            continue
        for i in images:
            graph.set_input(
                node, i, transpose(graph, node.input[i], TO_NHWC, data_type_of(node), node.name)
            )
        for attribute in PER_AXIS:
            if node.attr[attribute].list.i:
                values = node.attr[attribute].list.i
                values[:] = [values[i] for i in TO_NHWC]
        pads = node.attr["explicit_paddings"].list.i
        if pads:
            pads[:] = np.reshape(pads, (4, 2))[list(TO_NHWC)].ravel().tolist()
        for attribute in (*PER_AXIS, "explicit_paddings"):
            if not node.attr[attribute].list.i:
                del node.attr[attribute]
        node.attr["data_format"].s = b"NHWC"
        put_behind(graph, node, TO_NCHW, data_type_of(node))
        rewritten += 1
    return rewritten


def _turn_sizes(graph: Graph, node: NodeDef) -> bool:
    """The sizes of a transposed convolution's result, where they are constants or packed."""
    sizes = graph.constant(node.input[0])
    packed = graph.nodes.get(node.input[0])
    if sizes is not None:
        turned = np.asarray(sizes)[list(TO_NHWC)]
        graph.set_input(node, 0, graph.add_constant(f"{node.name}/sizes", turned))
    elif packed is not None and packed.op == "Pack" and len(packed.input) == 4:
        elements = [packed.input[i] for i in TO_NHWC]
        copy = graph.add_node(f"{node.name}/sizes", "Pack", elements, packed)
        copy.attr["N"].i = 4
        copy.attr["axis"].i = 0
        graph.set_input(node, 0, copy.name)
    else:
        return False
    return True
