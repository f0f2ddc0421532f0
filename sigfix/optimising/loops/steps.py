"""What every step computes of its own input alone: for all steps at once, in front of them.

A loop that is written out cuts a tensor [T * B, n] into T steps [B, n] and multiplies each by one
matrix. Every row is treated alike, so the whole tensor is multiplied, and the product is cut: one
product instead of T. What follows it (a bias, a function, a cut into gates) goes the same way, and
a bias that comes after the recurrent product is added before.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from tensorflow.core.framework import node_def_pb2

from sigfix.optimising.graph.building import add_bias
from sigfix.optimising.graph.graph import Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import (
    BROADCASTING,
    UNARY,
    data_type_of,
    is_channels_last,
)
from sigfix.optimising.graph.shapes import infer_shapes
from sigfix.optimising.graph.slices import cuts_of

OF_ROWS = frozenset(("MatMul", "Conv2D", "DepthwiseConv2dNative", "BiasAdd"))
"""Each row (or image) of the first input gives one of the result; the others are weights."""


def compute_at_once(graph: Graph) -> int:
    """Do what all parts of a cut along the first axis undergo before it; returns how often."""
    changed = 0
    while True:
        cuts = [node for node in graph.nodes.values() if _is_cut(graph, node)]
        shapes = infer_shapes(graph) if cuts else {}
        done = 0
        for cut in cuts:
            rank = len(shapes.get(cut.input[1]) or ())
            done += _merge(graph, cut, rank) if rank > 1 else 0
        if not done:
            return changed
        changed += done
        graph.prune()
        graph.set_nodes(graph.nodes)


def _is_cut(graph: Graph, node: NodeDef) -> bool:
    if node.op != "Split" or node.attr["num_split"].i < 2 or node.name in graph.outputs:
        return False
    axis = graph.constant(node.input[0])
    return axis is not None and int(axis) == 0


def _parts(cut: NodeDef) -> list[str]:
    return [f"{cut.name}:{i}" if i else str(cut.name) for i in range(cut.attr["num_split"].i)]


def _merge(graph: Graph, cut: NodeDef, rank: int) -> int:
    """Move in front of a cut what every part of it undergoes; returns how many operators."""
    readers = graph.readers(cut.name)
    by_part: dict[str, dict[Hashable, list[NodeDef]]] = {part: {} for part in _parts(cut)}
    for node in {id(node): node for node in readers}.values():
        found = _kind(graph, cut, node, rank)
        if found is not None:
            by_part[found[1]].setdefault(found[0], []).append(node)
    first, *others = by_part.values()
    common = [key for key in first if all(key in other for other in others)]
    for key in common:
        _move(graph, cut, [kinds[key] for kinds in by_part.values()])
    return len(common) or _bias_first(graph, cut, rank)


def _kind(graph: Graph, cut: NodeDef, node: NodeDef, rank: int) -> tuple[Hashable, str] | None:
    """What a node does with a part, in a form to compare, and which part; None: not row by row."""
    place = _data_place(graph, cut, node, rank)
    if place is None or node.name in graph.outputs:
        return None
    operands = []
    for i, reference in enumerate(node.input):
        constant = None if i == place else graph.constant_node(reference)
        if i != place and constant is None:
            return None
        operands.append("" if constant is None else str(constant.name))
    attributes = sorted(
        (name, value.SerializeToString(deterministic=True))
        for name, value in node.attr.items()
        if not name.startswith("_") and value.WhichOneof("value") is not None
    )
    return (node.op, place, *operands, *attributes), str(node.input[place])


def _data_place(graph: Graph, cut: NodeDef, node: NodeDef, rank: int) -> int | None:
    """Which input of a node is the part that it treats row by row; None where there is none."""
    read = [i for i, reference in enumerate(node.input) if node_of(reference) == cut.name]
    if len(read) != 1 or node.input[read[0]].startswith("^"):
        return None
    if node.op in OF_ROWS or node.op in UNARY:
        turned = node.op == "MatMul" and node.attr["transpose_a"].b
        channels_first = node.op == "BiasAdd" and not is_channels_last(node)
        return 0 if read == [0] and not turned and not channels_first else None
    if node.op in BROADCASTING and len(node.input) == 2:
        other = graph.constant(node.input[1 - read[0]])
        return read[0] if other is not None and other.ndim < rank else None
    if node.op == "StridedSlice" and read == [0]:
        cuts = cuts_of(graph, node, rank)
        return 0 if cuts and cuts[0].takes_all(None) else None
    if node.op == "Split" and read == [1]:
        axis = graph.constant(node.input[0])
        return 1 if axis is not None and int(axis) % rank else None
    return None


def _move(graph: Graph, cut: NodeDef, by_part: list[list[NodeDef]]) -> None:
    """Let one node do for the whole what these do for each part, and cut its results."""
    model = by_part[0][0]
    whole = node_def_pb2.NodeDef()
    whole.CopyFrom(model)
    whole.name = graph.unused_name(f"{model.name}/whole")
    graph.nodes[whole.name] = whole
    place = next(i for i, r in enumerate(model.input) if node_of(r) == cut.name)
    graph.set_inputs(whole, [cut.input[1] if i == place else r for i, r in enumerate(model.input)])
    outputs = model.attr["num_split"].i if model.op == "Split" else 1
    for port in range(outputs):
        source = f"{whole.name}:{port}" if port else str(whole.name)
        parts = _cut_like(graph, cut, source, data_type_of(model))
        for part, nodes in zip(parts, by_part, strict=True):
            for node in nodes:
                graph.redirect(f"{node.name}:{port}" if port else str(node.name), part)
    for nodes in by_part:
        for node in nodes:
            del graph.nodes[node.name]


def _cut_like(graph: Graph, cut: NodeDef, source: str, data_type: int) -> list[str]:
    """Cut a tensor into as many parts along its first axis as `cut` does."""
    axis = graph.add_constant(f"{cut.name}/axis", np.array(0, np.int32))
    other = graph.add_node(f"{cut.name}/parts", "Split", [axis, source], data_type)
    other.attr["num_split"].i = cut.attr["num_split"].i
    return _parts(other)


def _bias_first(graph: Graph, cut: NodeDef, rank: int) -> int:
    """(part + product) + bias of every part -> (part + bias) + product; returns 1 if so."""
    sums, biases, vectors = [], [], set()
    for part in _parts(cut):
        readers = [node for node in graph.readers(cut.name) if part in node.input]
        total = readers[0] if len(readers) == 1 else None
        if total is None or total.op not in ("Add", "AddV2") or total.name in graph.outputs:
            return 0
        bias = graph.only_reader(total.name)
        vector = None if bias is None else _vector(graph, bias, str(total.name))
        if bias is None or vector is None:
            return 0
        sums.append(total)
        biases.append(bias)
        vectors.add(vector)
    if len(vectors) != 1 or graph.nodes[node_of(cut.input[1])].op not in OF_ROWS:
        return 0
    biased = add_bias(graph, f"{cut.name}/biased", str(cut.input[1]), vectors.pop(), cut)
    parts = _cut_like(graph, cut, str(biased.name), data_type_of(biased))
    for part, total, bias in zip(parts, sums, biases, strict=True):
        other = next(r for r in total.input if node_of(r) != cut.name)
        graph.set_inputs(total, [part, other])
        graph.replace(bias.name, total.name)
    return 1


def _vector(graph: Graph, bias: NodeDef, source: str) -> str | None:
    """The constant vector that a node adds to the last axis of `source`, by its node."""
    if bias.op not in ("BiasAdd", "Add", "AddV2") or source not in bias.input:
        return None
    if bias.op == "BiasAdd" and not is_channels_last(bias):
        return None
    other = next((r for r in bias.input if r != source), "")
    value, node = (graph.constant(other), graph.constant_node(other)) if other else (None, None)
    return str(node.name) if node is not None and value is not None and value.ndim == 1 else None
