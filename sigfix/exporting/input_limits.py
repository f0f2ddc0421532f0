"""What an input may hold, and what a model knows of it, read off a frozen graph.

Token ids index a table of so many rows, a mask is cast to a truth value or subtracted from 1, a
picture is cast to uint8. Other numbers make a model refuse, or compute what nobody asks it for.
A table or a comparison knows some words: on all others a model does the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import numpy as np
from tensorflow.core.framework import types_pb2

from sigfix.describing.targets import COMPARING
from sigfix.exporting.tables import FINDING, IMPORT
from sigfix.optimising.graph.graph import Array, Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import names

Limits = tuple[float, float]
"""The least and the largest number."""
_PASSING = names(
    "Identity Cast Reshape ExpandDims Squeeze StridedSlice Slice Transpose Tile BroadcastTo Pad "
    "Unpack Split"
)
"""Operators whose first operand goes through; what is padded with is a number like the others."""
_WRITING = names(
    "StringLower StringUpper StringStrip StringSplitV2 StaticRegexReplace RegexReplace"
)
"""Operators whose texts are looked up as those that they are given."""
_GATHERS = names("Gather GatherV2")
_RANGES: dict[int, Limits] = {
    types_pb2.DT_BOOL: (0, 1),
    types_pb2.DT_INT8: (-128, 127),
    types_pb2.DT_UINT8: (0, 255),
    types_pb2.DT_INT16: (-(2**15), 2**15 - 1),
    types_pb2.DT_UINT16: (0, 2**16 - 1),
}
"""Type that an input is cast to -> the numbers that stay what they are."""


def input_limits(graph: Graph, inputs: Mapping[str, str]) -> dict[str, Limits]:
    """Input -> what every reader of it takes; without those that any number is right for.

    `inputs` are nodes of the graph by signature key.
    """
    found = {key: list(_of(graph, name, _PASSING, _taken)) for key, name in inputs.items()}
    return {
        key: (max(low for low, _ in limits), min(high for _, high in limits))
        for key, limits in found.items()
        if limits
    }


def known_values(graph: Graph, inputs: Mapping[str, str]) -> dict[str, Array]:
    """Input -> the texts or numbers that tables hold and comparisons name; without those of none.

    `inputs` are nodes of the graph by signature key.
    """
    passing = _PASSING | _WRITING
    found = {key: list(_of(graph, name, passing, _looked_up)) for key, name in inputs.items()}
    return {
        key: np.unique(np.concatenate([each.ravel() for each in values]))
        for key, values in found.items()
        if values
    }


T = TypeVar("T")


def _of(
    graph: Graph,
    name: str,
    passing: frozenset[str],
    tell: Callable[[Graph, NodeDef, str], T | None],
) -> Iterator[T]:
    """What the readers of a node tell, and those behind operators that it passes."""
    pending, seen = [name], {name}
    while pending:
        source = pending.pop()
        for node in graph.readers(source):
            own = tell(graph, node, source)
            if own is not None:
                yield own
            elif _passes(node, source, passing) and node.name not in seen:
                seen.add(str(node.name))
                pending.append(str(node.name))


def _passes(node: NodeDef, source: str, passing: frozenset[str]) -> bool:
    return node.op in passing and node_of(node.input[0]) == source


def _looked_up(graph: Graph, node: NodeDef, source: str) -> Array | None:
    """The keys of the table that a reader looks into, or the texts that it compares with."""
    if node.op in FINDING and node_of(node.input[1]) == source:
        fills = (each for each in graph.readers(node_of(node.input[0])) if each.op == IMPORT)
        keys = [graph.constant(fill.input[1]) for fill in fills]
    elif node.op in COMPARING and node.attr["T"].type == types_pb2.DT_STRING:
        keys = [graph.constant(each) for each in node.input[:2] if node_of(each) != source]
    else:
        return None
    return next((key for key in keys if key is not None and key.size), None)


def _taken(graph: Graph, node: NodeDef, source: str) -> Limits | None:
    """What one reader takes, None where it tells nothing."""
    if node.op in _GATHERS and node_of(node.input[1]) == source:
        table = graph.constant_node(node.input[0])
        if table is None:
            return None
        shape = [dim.size for dim in table.attr["value"].tensor.tensor_shape.dim]
        axis = graph.constant(node.input[2]) if node.op == "GatherV2" else np.array(0)
        return None if axis is None or not shape else (0, shape[int(axis)] - 1)
    if node.op == "Cast":
        kinds = node.attr["SrcT"].type, node.attr["DstT"].type
        return None if kinds[0] == types_pb2.DT_BOOL else _RANGES.get(kinds[1])
    if node.op == "Sub" and node_of(node.input[1]) == source:
        value = graph.constant(node.input[0])
        ones = value is not None and value.size and bool((value == 1).all())
        return (0, 1) if ones else None
    return None
