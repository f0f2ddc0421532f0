"""What is scattered into is a tensor of its own.

TF.js's cpu backend (4.22) writes the updates of TensorScatterUpdate into the tensor that it is
given: a constant, an input or a loop's first value is another one at the next call.
"""

from __future__ import annotations

import numpy as np

from sigfix.optimising.graph.graph import Graph, node_of
from sigfix.optimising.graph.operator_kinds import CONTROL_FLOW, DT_FLOAT, DT_INT32, DT_INT64, names

ONE = {DT_FLOAT: np.float32, DT_INT32: np.int32, DT_INT64: np.int64}
"""Of which types a product with one is a copy, and of NumPy's what."""
SHARING = CONTROL_FLOW | names(
    "Const ExpandDims Identity Placeholder PlaceholderWithDefault Reshape Squeeze StopGradient"
)
"""Operators whose result has the memory of what they read, or is read again at the next call."""


def copy_before_scattering(graph: Graph) -> int:
    """Put a product with one in front, where what is written into may be read again."""
    found = [node for node in graph.nodes.values() if node.op == "TensorScatterUpdate"]
    changed = 0
    for node in found:
        name, kind = node_of(node.input[0]), int(node.attr["T"].type)
        own = graph.nodes[name].op not in SHARING and graph.only_reader(name) is not None
        if own or kind not in ONE:
            continue
        one = graph.add_constant(f"{node.name}/one", np.array(1, ONE[kind]))
        copied = graph.add_node(f"{node.name}/copy", "Mul", [node.input[0], one], kind)
        graph.set_input(node, 0, str(copied.name))
        changed += 1
    return changed
