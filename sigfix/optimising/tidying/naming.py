"""Names of the result: inputs and outputs by their signature, everything else short."""

from __future__ import annotations

import string
from collections.abc import Iterator
from itertools import count

from tensorflow.core.framework import node_def_pb2

from sigfix.optimising.graph.graph import Graph, NodeDef

_DIGITS = string.digits + string.ascii_lowercase


def _short_names(taken: set[str]) -> Iterator[str]:
    for number in count():
        digits, rest = "", number
        while rest or not digits:
            rest, digit = divmod(rest, len(_DIGITS))
            digits = _DIGITS[digit] + digits
        if f"n{digits}" not in taken:
            yield f"n{digits}"


def _copy(node: NodeDef) -> NodeDef:
    copy = node_def_pb2.NodeDef()
    copy.CopyFrom(node)
    return copy


def shorten_names(graph: Graph) -> int:
    """Rename every node but inputs and outputs: a name costs its length at every mention."""
    kept = {*graph.inputs, *graph.outputs}
    names = _short_names(kept)
    ordered = graph.ordered()
    renamed = {n.name: n.name if n.name in kept else next(names) for n in ordered}
    for place, node in enumerate(ordered):
        if node.op == "Const":  # shared with the graph that this one is a copy of
            node = ordered[place] = _copy(node)
        node.name = renamed[node.name]
        for i, reference in enumerate(node.input):
            mark = "^" if reference.startswith("^") else ""
            base, colon, port = reference[len(mark) :].partition(":")
            graph.set_input(node, i, f"{mark}{renamed[base]}{colon}{port}")
        node.device = ""
    graph.set_nodes({n.name: n for n in ordered})
    return sum(old != new for old, new in renamed.items())
