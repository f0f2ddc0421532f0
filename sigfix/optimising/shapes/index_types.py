"""Places of the largest or smallest element as int32, which is all that TF.js has.

ArgMax counts in int64 unless told otherwise, so an importer casts what it gives before it indexes
with it. An axis of 2^31 elements fits no memory that TF.js can have: int32 holds the same numbers.
"""

from __future__ import annotations

import numpy as np

from sigfix.optimising.graph.graph import Graph, NodeDef
from sigfix.optimising.graph.operator_kinds import DT_INT32, names

DT_INT64 = 9
LARGEST = 2**31 - 1
COMPARISONS = names("Equal NotEqual Greater GreaterEqual Less LessEqual")


def use_int32_indices(graph: Graph) -> int:
    """Rewrite each ArgMax and ArgMin whose readers allow it; returns how many casts went."""
    found = [
        node
        for node in graph.nodes.values()
        if node.op in ("ArgMax", "ArgMin")
        and node.attr["output_type"].type in (0, DT_INT64)
        and node.name not in graph.outputs
    ]
    dropped = 0
    for node in found:
        readers = graph.readers(node.name)
        if readers and all(_allows(graph, reader, node) for reader in readers):
            dropped += _narrow(graph, node, readers)
    return dropped


def _allows(graph: Graph, reader: NodeDef, node: NodeDef) -> bool:
    """Whether a reader is a cast, or compares with a constant that int32 holds."""
    if reader.op == "Cast":
        return reader.input[0] == node.name and not reader.attr["Truncate"].b
    if reader.op not in COMPARISONS or len(reader.input) != 2:
        return False
    others = [reference for reference in reader.input if reference != node.name]
    value = graph.constant(others[0]) if len(others) == 1 else None
    return value is not None and bool((np.abs(value.astype(np.float64)) <= LARGEST).all())


def _narrow(graph: Graph, node: NodeDef, readers: list[NodeDef]) -> int:
    node.attr["output_type"].type = DT_INT32
    dropped = 0
    for reader in readers:
        if reader.op == "Cast":
            reader.attr["SrcT"].type = DT_INT32
            if reader.attr["DstT"].type == DT_INT32 and reader.name not in graph.outputs:
                graph.replace(reader.name, node.name)
                dropped += 1
            continue
        place = 1 if reader.input[0] == node.name else 0
        value = graph.constant(reader.input[place])
        assert value is not None
        graph.set_input(
            reader, place, graph.add_constant(f"{reader.name}/int32", value.astype(np.int32))
        )
        reader.attr["T"].type = DT_INT32
    return dropped
