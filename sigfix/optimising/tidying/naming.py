"""Names of the result: inputs and outputs by their signature, almost everything else short."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import count

from tensorflow.core.framework import node_def_pb2

from sigfix.describing.scopes import MOST_STAGES, UNTOLD, last_of_parts
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
    return _rename(graph, {n.name: next(names) for n in graph.ordered() if n.name not in kept})


def name_stages(graph: Graph) -> int:
    """Give the last node of each part of the network the name that the source has for it.

    `verify --plot` compares what two models call alike; there are too few to cost much.
    """
    kept = {*graph.inputs, *graph.outputs}
    nodes = [
        (graph.named[n.name], n.op, n.name)
        for n in graph.ordered()
        if n.name in graph.named and n.name not in kept and n.op not in UNTOLD
    ]
    once = Counter(name for name, _, _ in nodes)
    nodes = [each for each in nodes if once[each[0]] == 1 and each[0] not in graph.nodes]
    last = last_of_parts([(name, op) for name, op, _ in nodes], MOST_STAGES)
    return _rename(graph, {nodes[at][2]: nodes[at][0] for at, _ in last})


def _rename(graph: Graph, renamed: Mapping[str, str]) -> int:
    """Give nodes other names, which nobody else has; returns how many have another."""
    ordered = graph.ordered()
    for place, node in enumerate(ordered):
        if node.op == "Const":  # shared with the graph that this one is a copy of
            node = ordered[place] = _copy(node)
        node.name = renamed.get(node.name, node.name)
        for i, reference in enumerate(node.input):
            mark = "^" if reference.startswith("^") else ""
            base, colon, port = reference[len(mark) :].partition(":")
            graph.set_input(node, i, f"{mark}{renamed.get(base, base)}{colon}{port}")
        node.device = ""
    graph.set_nodes({n.name: n for n in ordered})
    graph.named = {renamed.get(name, name): said for name, said in graph.named.items()}
    return sum(old != new for old, new in renamed.items())
