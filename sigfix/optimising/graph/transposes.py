"""Transposes in a graph: found, added, merged, and put behind the operator that they stood before.

T(s, p) is a Transpose of s by a constant permutation p: axis i of the result is axis p[i] of s.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from sigfix.optimising.graph.graph import Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import DT_INT32
from sigfix.optimising.graph.permutations import Permutation, is_identity


def look_through(graph: Graph, reference: str) -> tuple[str, Permutation] | None:
    """(source, permutation) where `reference` is a transpose, else None."""
    node = graph.nodes.get(node_of(reference))
    if node is None or node.op != "Transpose" or reference.startswith("^"):
        return None
    permutation = graph.constant(node.input[1])
    if permutation is None:
        return None
    return str(node.input[0]), tuple(int(i) for i in permutation)


def transpose(
    graph: Graph, source: str, permutation: Sequence[int], data_type: int, base: str
) -> str:
    """Add a Transpose of `source` and return its name."""
    order = graph.add_constant(f"{base}/order", np.array(permutation, np.int32))
    node = graph.add_node(f"{base}/transposed", "Transpose", [source, order], data_type)
    node.attr["Tperm"].type = DT_INT32
    return str(node.name)


def put_behind(
    graph: Graph, node: NodeDef, permutation: Sequence[int], data_type: int, outputs: int = 1
) -> None:
    """Rename `node`, and let transposes of its results take its place for all its readers.

    Results after the first `outputs` (the statistics of a batch norm) are read as they are.
    """
    name = str(node.name)
    del graph.nodes[name]
    node.name = graph.unused_name(f"{name}/turned")
    graph.nodes[node.name] = node
    for reader in graph.readers(name):
        for i, reference in enumerate(reader.input):
            port = reference.removeprefix(f"{name}:")
            if port.isdigit() and int(port) >= outputs:
                graph.set_input(reader, i, f"{node.name}:{port}")
    for port in range(1, outputs):
        later = transpose(graph, f"{node.name}:{port}", permutation, data_type, name)
        for reader in graph.readers(name):
            for i, reference in enumerate(reader.input):
                if reference == f"{name}:{port}":
                    graph.set_input(reader, i, later)
    first = graph.nodes.pop(transpose(graph, node.name, permutation, data_type, name))
    first.name = name
    graph.nodes[name] = first


def merge(graph: Graph, node: NodeDef) -> bool:
    """Join the Transpose `node` with one that it reads; one that moves nothing disappears."""
    found = look_through(graph, node.name)
    if found is None:
        return False
    source, permutation = found
    merged = False
    inner = look_through(graph, source)
    if inner is not None:
        source, first = inner
        permutation = tuple(first[i] for i in permutation)
        order = graph.add_constant(f"{node.name}/order", np.array(permutation, np.int32))
        graph.set_inputs(node, [source, order])
        node.attr["Tperm"].type = DT_INT32
        merged = True
    if is_identity(permutation):
        node.op = "Identity"
        del node.input[1:]
        del node.attr["Tperm"]
        if node.name not in graph.outputs:
            replace_by_reference(graph, node.name, source)
        merged = True
    return merged


def replace_by_reference(graph: Graph, name: str, reference: str) -> None:
    """Let every reader of `name`, which is no output, read `reference` (`a` or `a:1`) instead."""
    graph.redirect(name, reference)
    del graph.nodes[name]


def reshaped_groups(
    before: Sequence[int | None], after: Sequence[int | None]
) -> list[tuple[list[int], list[int]]] | None:
    """Which axes of a reshape's input make up which axes of its result, in order.

    At most one size on either side may be unknown, and it must be the same one. None where that
    is not so, or a size is 0.
    """
    unknown = 1_000_003  # a prime that is no product of sizes
    sizes = [unknown if n is None else n for n in before]
    results = [unknown if n is None else n for n in after]
    if 0 in sizes or sizes.count(unknown) > 1 or prod(sizes) != prod(results):
        return None
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(sizes) and j < len(results):
        axes, made = [i], [j]
        left, right = sizes[i], results[j]
        i, j = i + 1, j + 1
        while left != right:
            if left < right:
                left *= sizes[i]
                axes.append(i)
                i += 1
            else:
                right *= results[j]
                made.append(j)
                j += 1
        groups.append((axes, made))
    if not groups:
        return None
    groups[-1][0].extend(range(i, len(sizes)))
    groups[-1][1].extend(range(j, len(results)))
    return groups
