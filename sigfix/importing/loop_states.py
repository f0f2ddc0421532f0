"""What a Loop or Scan carries from step to step, of sizes that change: exporters write the first.

PyTorch's writes down the shape of a state as the loop begins with it. Of one that rows are added
to, as masks are in a Mask R-CNN, that is empty, and onnxslim takes it out of what it is joined
with.
"""

from __future__ import annotations

import onnx

CARRIED = {"Loop": 2, "Scan": 0}
"""Operator -> how many inputs of its body come before the states."""


def open_states(graph: onnx.GraphProto) -> None:
    """Leave open what states of loops are said to keep and do not, in place, inner graphs too."""
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                open_states(inner)
            if attribute.name == "body" and node.op_type in CARRIED:
                _open(attribute.g, CARRIED[node.op_type])


def _open(body: onnx.GraphProto, first: int) -> None:
    opened = False
    for before, after in zip(body.input[first:], body.output[first // 2 :], strict=False):
        told = after.type.tensor_type.shape.dim
        known = len(told) == len(before.type.tensor_type.shape.dim)
        for axis, dim in enumerate(before.type.tensor_type.shape.dim):
            if not dim.HasField("dim_value"):
                continue
            size = told[axis].dim_value if known and told[axis].HasField("dim_value") else None
            # One that stayed empty would be of no use.
            if dim.dim_value == 0 or size not in (None, dim.dim_value):
                dim.Clear()
                opened = True
                if size is not None:
                    told[axis].Clear()
    if opened:
        del body.value_info[:]
