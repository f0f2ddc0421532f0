"""A split into many parts -> a few large parts, each split again.

TF.js's WebAssembly backend (4.22) cuts in JavaScript, and copies the whole tensor out of the heap
for every part: 32 parts cost 32 copies. Split into 4 and each of those into 8, the same parts cost
4 + 8. Measured there on the gates of an LSTM over 32 steps, one against two levels: 2.4 times as
fast for [32, 1024], 4.6 times for [512, 1024].
"""

from __future__ import annotations

import math

import numpy as np

from sigfix.optimising.graph.graph import Graph, NodeDef
from sigfix.optimising.graph.shapes import Shapes, infer_shapes

LEAST_SAVED = 1 << 17
"""Elements that must be copied less; a further node costs about as much as 30,000 of them."""


def split_in_two_levels(graph: Graph) -> int:
    """Rewrite every `Split` and `Unpack` that is worth it; returns how many."""
    candidates = [
        node
        for node in graph.nodes.values()
        if _coarse_parts(_parts(node)) > 1
        and node.name not in graph.outputs
        and not any(reference.startswith("^") for reference in node.input)
    ]
    if not candidates:
        return 0
    shapes = infer_shapes(graph)
    worthwhile = [node for node in candidates if _elements_saved(node, graph, shapes) > LEAST_SAVED]
    for node in worthwhile:
        _rewrite(node, graph)
    return len(worthwhile)


def _parts(node: NodeDef) -> int:
    attribute = {"Split": "num_split", "Unpack": "num"}.get(node.op)
    return int(node.attr[attribute].i) if attribute else 0


def _coarse_parts(parts: int) -> int:
    """The largest divisor that is no larger than the square root; 1 for primes."""
    return max((d for d in range(1, math.isqrt(parts) + 1) if parts % d == 0), default=0)


def _axis(node: NodeDef, graph: Graph) -> int | None:
    if node.op == "Unpack":
        return int(node.attr["axis"].i)
    value = graph.constant(node.input[0])
    return None if value is None else int(value)


def _elements_saved(node: NodeDef, graph: Graph, shapes: Shapes) -> int:
    """How many elements fewer are copied in a batch of one: a dimension unknown counts as one."""
    shape, axis = shapes.get(node.input[-1]), _axis(node, graph)
    if not shape or axis is None or not -len(shape) <= axis < len(shape):
        return 0
    parts = _parts(node)
    known = [1 if size is None else size for size in shape]
    known[axis] = max(known[axis], parts)
    coarse = _coarse_parts(parts)
    return (parts - coarse - parts // coarse) * math.prod(known)


def _rewrite(node: NodeDef, graph: Graph) -> None:
    name, parts = str(node.name), _parts(node)
    coarse = _coarse_parts(parts)
    fine = parts // coarse
    if node.op == "Split":
        axis = node.input[0]
    else:
        axis = graph.add_constant(f"{name}/axis", np.array(node.attr["axis"].i, np.int32))
    outer = graph.add_node(f"{name}/coarse", "Split", [axis, node.input[-1]], node)
    outer.attr["num_split"].i = coarse
    for place in range(coarse):
        piece = _port(outer.name, place)
        inner = graph.add_node(
            f"{name}/fine", node.op, [axis, piece] if node.op == "Split" else [piece], node
        )
        if node.op == "Split":
            inner.attr["num_split"].i = fine
        else:
            inner.attr["num"].i, inner.attr["axis"].i = fine, node.attr["axis"].i
        for part in range(fine):
            graph.redirect(_port(name, place * fine + part), _port(inner.name, part))
    del graph.nodes[name]


def _port(name: str, number: int) -> str:
    return f"{name}:{number}" if number else name
