"""Columns of a sequence that are turned round in time: x m0 + (J x) m1, J the exchange matrix.

It is how `importing/operators/unrolling.py` writes it: exact, and fast in TensorFlow.js.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigfix.optimising.graph.graph import Graph, NodeDef, node_of

Columns = np.ndarray[Any, Any]


def turned(graph: Graph, reference: str, steps: int) -> tuple[str, Columns] | None:
    """What [steps * batch, columns] is turned round to give this, and which columns are."""
    total = graph.nodes.get(reference)
    if total is None or total.op != "AddV2":
        return None
    for straight, other in (tuple(total.input), tuple(total.input)[::-1]):
        kept = _scaled(graph, straight)
        back = graph.nodes.get(other)
        if kept is None or back is None or back.op != "Reshape":
            continue
        crossed = _scaled(graph, back.input[0])
        source = None if crossed is None else _exchanged(graph, crossed[0], steps)
        if crossed is None or source != kept[0]:
            continue
        columns = crossed[1] == 1
        sums = crossed[1] + kept[1] if crossed[1].shape == kept[1].shape else np.zeros(1)
        exact = (sums == 1).all() and (columns | (crossed[1] == 0)).all()
        if exact and _reshapes_to(graph, back, (-1, len(columns))):
            return source, columns
    return None


def reader_turned(graph: Graph, name: str, steps: int) -> tuple[str, Columns] | None:
    """The node that turns columns of `name` round, and which; None where no reader does."""
    for reader in graph.readers(name):
        for total in graph.readers(reader.name):
            found = turned(graph, total.name, steps)
            if found is not None and found[0] == name:
                return str(total.name), found[1]
    return None


def _scaled(graph: Graph, reference: str) -> tuple[str, Columns] | None:
    """The data and the vector of a product with a constant vector."""
    node = graph.nodes.get(reference)
    if node is None or node.op != "Mul":
        return None
    for data, other in (tuple(node.input), tuple(node.input)[::-1]):
        value = graph.constant(other)
        if value is not None and value.ndim == 1 and value.size > 1:
            return data, value
    return None


def _exchanged(graph: Graph, reference: str, steps: int) -> str | None:
    """x where this is J x, its steps apart in both: [steps, -1] before, [steps, -1, C] after."""
    apart = graph.nodes.get(reference)
    if apart is None or apart.op != "Reshape":
        return None
    product = graph.nodes.get(apart.input[0])
    if product is None or product.op != "MatMul" or _is_transposed(product):
        return None
    exchange, flat = graph.constant(product.input[0]), graph.nodes.get(product.input[1])
    if exchange is None or not np.array_equal(exchange, np.eye(steps)[::-1]):
        return None
    if flat is None or flat.op != "Reshape" or not _reshapes_to(graph, flat, (steps, -1)):
        return None
    shape = graph.constant(apart.input[1])
    if shape is None or shape.size != 3 or tuple(shape[:2]) != (steps, -1):
        return None
    return str(flat.input[0])


def _reshapes_to(graph: Graph, node: NodeDef, shape: tuple[int, ...]) -> bool:
    value = graph.constant(node.input[1])
    return value is not None and tuple(value.tolist()) == shape


def _is_transposed(node: NodeDef) -> bool:
    return bool(node.attr["transpose_a"].b or node.attr["transpose_b"].b)


def is_plain_product(node: NodeDef | None) -> bool:
    """Whether a node is a MatMul of its inputs as they are."""
    return node is not None and node.op == "MatMul" and not _is_transposed(node)


def piece(graph: Graph, reference: str) -> tuple[str, int, int]:
    """What a reference is cut from along axis 0 in equal parts: source, place, and of how many."""
    node = graph.nodes[node_of(reference)]
    if node.op != "Split" or constant_of(graph, node.input[0]) != 0:
        return reference, 0, 1
    place = int(reference.partition(":")[2] or 0)
    source, outer, count = piece(graph, node.input[1])
    parts = int(node.attr["num_split"].i)
    return source, outer * parts + place, count * parts


def constant_of(graph: Graph, reference: str) -> int | None:
    """A whole number that is constant; None where it is not, or is several."""
    value = graph.constant(reference)
    return None if value is None or value.size != 1 else int(value.reshape(()))
