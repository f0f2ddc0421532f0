"""The layout pass: images become NHWC, and the transposes around their kernels cancel.

Kernels that want NCHW are wrapped in transposes (`nchw_kernels.py`), then every transpose is
pushed behind the operators that read it, as far as it goes (`transpose_rules.py`); where it meets
its inverse, both are gone. A transpose that is left is pulled in front of the element-wise
operators and pads before it, towards an input or another transpose. Both ways are tried with and
without transposing further inputs on the way; what has the fewest elements to transpose is kept,
and the graph as it was if nothing has fewer.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from sigfix.optimising.graph.element_wise import is_unary
from sigfix.optimising.graph.graph import Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import BROADCASTING, DT_INT32, PADS, data_type_of
from sigfix.optimising.graph.permutations import inverse, is_identity
from sigfix.optimising.graph.shapes import infer_shapes
from sigfix.optimising.graph.transposes import look_through, merge, put_behind, transpose
from sigfix.optimising.layout.nchw_kernels import rewrite_nchw_kernels
from sigfix.optimising.layout.transpose_rules import RULES, Walk, moves_only_units

UNKNOWN_SIZE = 64
"""What a dynamic size counts for when costs are compared."""


def use_nhwc(graph: Graph) -> int:
    """Rewrite the graph in place; returns how many kernels and transposes it did away with."""
    kernels = rewrite_nchw_kernels(graph)
    before = _transposes(graph)
    if not before:
        return kernels
    best, least = None, (_cost(graph), len(before))
    for eager in (False, True):
        candidate = graph.copy()
        _push_down(candidate, eager)
        _pull_up(candidate)
        candidate.prune()
        _as_reshapes(candidate)
        cost = (_cost(candidate), len(_transposes(candidate)))
        if cost < least:
            best, least = candidate, cost
        if least[1] <= len(graph.inputs) + len(graph.outputs):
            break
    if best is None:
        return kernels
    graph.set_nodes(best.nodes)
    return kernels + max(len(before) - least[1], 0)


def _transposes(graph: Graph) -> list[NodeDef]:
    return [n for n in graph.nodes.values() if look_through(graph, n.name) is not None]


def _cost(graph: Graph) -> int:
    """Elements that transposes move."""
    shapes = infer_shapes(graph)
    return sum(
        prod(UNKNOWN_SIZE if size is None else size for size in shapes.get(node.name, [None]))
        for node in _transposes(graph)
    )


def _push_down(graph: Graph, eager: bool) -> None:
    walk = Walk(graph, infer_shapes(graph), eager)
    for node in graph.ordered():
        if node.op == "Transpose":
            merge(graph, node)
        elif node.name in graph.nodes:
            _move(walk, node)


def _move(walk: Walk, node: NodeDef) -> None:
    rule = RULES.get(node.op)
    permutation = None if rule is None else rule(walk, node)
    if permutation is None or is_identity(permutation):
        return
    outputs = {"Split": "num_split", "SplitV": "num_split"}.get(node.op)
    count = int(node.attr[outputs].i) if outputs else 1
    name = str(node.name)
    put_behind(walk.graph, node, permutation, data_type_of(node), count)
    shape = walk.shapes.get(name)
    if shape is not None:
        walk.shapes[str(node.name)] = [shape[axis] for axis in inverse(permutation)]


def _pull_up(graph: Graph) -> None:
    """Pull transposes in front of what nobody else reads, where that leads to something.

    That is an input (what is computed from it may then be folded into a kernel), another
    transpose, or a pad (whose input is smaller than its result).
    """
    walk = Walk(graph, infer_shapes(graph))
    for node in _transposes(graph):
        found = look_through(graph, node.name) if node.name in graph.nodes else None
        if found is None:
            continue
        chain = _chain_above(walk, node, len(found[1]))
        if not chain:
            continue
        # x -> T(T^-1(x)): the rules then put each operator between the two.
        permutation, top = found[1], chain[-1]
        data = _only_data(walk, top, len(permutation)) or 0
        source = top.input[data]
        kind = data_type_of(graph.nodes[node_of(source)])
        first = transpose(graph, source, permutation, kind, f"{top.name}/pulled")
        walk.shapes[first] = [walk.shapes[source][axis] for axis in permutation]
        graph.set_input(
            top, data, transpose(graph, first, inverse(permutation), kind, str(top.name))
        )
        readers = graph.readers(chain[0].name)
        for member in reversed(chain):
            _move(walk, member)
        for reader in readers:
            merge(graph, reader)
        merge(graph, graph.nodes[first])


def _chain_above(walk: Walk, node: NodeDef, rank: int) -> list[NodeDef]:
    """The operators above the transpose `node` that it can be pulled over, its input first."""
    graph = walk.graph
    chain: list[NodeDef] = []
    worth = 0
    order = look_through(graph, node.name)
    below = [node]
    current = graph.nodes[node_of(node.input[0])]
    while True:
        if current.op in ("Placeholder", "Transpose"):
            return chain
        readers = graph.readers(current.name)
        same = all(
            r in below or (not chain and look_through(graph, r.name) == order) for r in readers
        )
        data = _only_data(walk, current, rank)
        if not same or data is None or current.name in graph.outputs:
            return chain[:worth]
        if current.op not in BROADCASTING | PADS and not is_unary(graph, current):
            return chain[:worth]
        chain.append(current)
        worth = len(chain) if current.op in PADS else worth
        below = [current]
        current = graph.nodes[node_of(current.input[data])]


def _only_data(walk: Walk, node: NodeDef, rank: int) -> int | None:
    """The position of the one input that is neither constant nor scalar, of full rank."""
    places = []
    for i, reference in enumerate(node.input):
        shape = walk.shapes.get(reference)
        if walk.graph.nodes[node_of(reference)].op != "Const" and shape != []:
            places.append(i)
    if node.op in PADS:
        places = places if places == [0] else []
    if len(places) != 1 or len(walk.shapes.get(node.input[places[0]]) or []) != rank:
        return None
    return places[0]


def _as_reshapes(graph: Graph) -> None:
    """Transposes that only move axes of size 1 become reshapes; equal ones become one."""
    shapes = infer_shapes(graph)
    for node in _transposes(graph):
        found: Any = look_through(graph, node.name)
        source, permutation = found
        shape, result = shapes.get(source), shapes.get(node.name)
        if shape is None or result is None or result.count(None) > 1:
            continue
        if moves_only_units(shape, permutation):
            target = np.array([-1 if size is None else size for size in result], np.int32)
            node.op = "Reshape"
            graph.set_input(node, 1, graph.add_constant(f"{node.name}/shape", target))
            del node.attr["Tperm"]
            node.attr["Tshape"].type = DT_INT32
    graph.prune()
