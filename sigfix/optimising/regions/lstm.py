"""An unrolled LSTM: a step for each place of a sequence, of ten operators.

A step with the states h, c of the one before: z = x + h U, whose columns are the gates input,
output, forget and cell, each of all directions side by side; c' = f c + i tanh(cell), h' = o
tanh(c'). The first step has no states before it. What the steps read is cut out of one tensor, and
their h are joined again, in the order in which they are computed; columns of a direction that runs
backward are turned round before and after (`turning`). `importing/operators` builds it so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sigfix.optimising.graph.graph import Graph, NodeDef, node_of
from sigfix.optimising.regions.region import Region
from sigfix.optimising.regions.turning import (
    Columns,
    constant_of,
    is_plain_product,
    piece,
    reader_turned,
    turned,
)

KIND = "lstm"
GATES = 4


@dataclass(frozen=True)
class _Step:
    """What a step reads: its part of x, and h, c and the matrix where it is not the first."""

    x: str
    width: int
    c: str
    h_before: str = ""
    c_before: str = ""
    matrix: str = ""


def find_lstms(graph: Graph) -> Iterator[Region]:
    """Every LSTM of zero initial state whose states are read together, as one tensor."""
    for node in list(graph.nodes.values()):
        if node.op == "ConcatV2" and len(node.input) > 2 and not constant_of(graph, node.input[-1]):
            found = _lstm(graph, node)
            if found is not None:
                yield found


def _lstm(graph: Graph, joined: NodeDef) -> Region | None:
    states = list(joined.input[:-1])
    steps = []
    for state in states:
        step = _step(graph, state)
        if step is None:
            return None
        steps.append(step)
    places = [piece(graph, step.x) for step in steps]
    chained = all(
        (step.h_before, step.c_before) == (h, before.c)
        for h, before, step in zip(states[:-1], steps[:-1], steps[1:], strict=True)
    )
    source = places[0][0]
    whole = places == [(source, place, len(states)) for place in range(len(states))]
    matrices = {step.matrix for step in steps[1:]}
    if steps[0].h_before or not chained or not whole or len(matrices) != 1:
        return None
    (name,) = matrices
    matrix = graph.constant(name)
    if matrix is None or graph.nodes[name].op != "Const" or matrix.dtype != np.float32:
        return None
    if {step.width for step in steps} != {len(matrix)} or matrix.shape[1] != GATES * len(matrix):
        return None
    return _widest(graph, str(joined.name), source, name, len(states), matrix)


def _step(graph: Graph, h: str) -> _Step | None:
    """Read a step back from its h = o tanh(c)."""
    for output_gate, squashed in _factors(graph, h):
        c = _operand(graph, squashed, "Tanh")
        gates = graph.nodes[node_of(output_gate)]
        if c is None or gates.op != "Split" or int(gates.attr["num_split"].i) != 3:
            continue
        parts = _operand(graph, gates.input[1], "Sigmoid")
        cut = graph.nodes.get(parts or "")
        if cut is None or cut.op != "SplitV" or output_gate != f"{gates.name}:1":
            continue
        axes = {constant_of(graph, gates.input[0]), constant_of(graph, cut.input[2])}
        sizes = graph.constant(cut.input[1])
        if not axes <= {1, -1} or sizes is None or sizes.size != 2 or sizes[0] != 3 * sizes[1]:
            continue
        before = _cell_before(graph, c, str(gates.name), str(cut.name))
        if before is None:
            continue
        return _with_product(graph, cut.input[0], int(sizes[1]), c, before)
    return None


def _cell_before(graph: Graph, c: str, gates: str, cut: str) -> str | None:
    """The cell before, of c = f c + i tanh(cell) or, '', of c = i tanh(cell)."""
    node = graph.nodes.get(c)
    if node is None:
        return None
    if _is_new(graph, c, gates, cut):
        return ""
    if node.op != "AddV2":
        return None
    for kept, new in (tuple(node.input), tuple(node.input)[::-1]):
        if _is_new(graph, new, gates, cut):
            for forget, before in _factors(graph, kept):
                if forget == f"{gates}:2":
                    return before
    return None


def _is_new(graph: Graph, reference: str, gates: str, cut: str) -> bool:
    return any(
        gate in (gates, f"{gates}:0") and _operand(graph, cell, "Tanh") == f"{cut}:1"
        for gate, cell in _factors(graph, reference)
    )


def _with_product(graph: Graph, z: str, width: int, c: str, c_before: str) -> _Step | None:
    node = graph.nodes[node_of(z)]
    if not c_before:
        return _Step(z, width, c)
    if node.op != "AddV2":
        return None
    for x, other in (tuple(node.input), tuple(node.input)[::-1]):
        product = graph.nodes.get(other)
        if is_plain_product(product) and product is not None:
            return _Step(x, width, c, str(product.input[0]), c_before, str(product.input[1]))
    return None


def _factors(graph: Graph, reference: str) -> list[tuple[str, str]]:
    """Both orders of a product's operands; nothing where it is none."""
    node = graph.nodes.get(reference)
    if node is None or node.op != "Mul":
        return []
    one, other = node.input
    return [(str(one), str(other)), (str(other), str(one))]


def _operand(graph: Graph, reference: str, op: str) -> str | None:
    node = graph.nodes.get(reference)
    return str(node.input[0]) if node is not None and node.op == op else None


def _widest(
    graph: Graph, output: str, source: str, matrix: str, steps: int, values: Columns
) -> Region | None:
    """The region with what turns it round, where nobody else reads what lies between."""
    directions = _directions(values)
    ends = [(output, 0)]
    after = reader_turned(graph, output, steps)
    bits = None if after is None else _bits(after[1], directions, 1)
    if after is not None and bits is not None:
        ends.insert(0, (after[0], bits))
    starts = [(source, 0)]
    before = turned(graph, source, steps)
    bits = None if before is None else _bits(before[1], directions, GATES)
    if before is not None and bits is not None:
        starts.insert(0, (before[0], bits))
    numbers = {"steps": steps, "directions": directions, "units": len(values) // directions}
    for end, turned_out in ends:
        for start, turned_in in starts:
            own = {**numbers, "turnedIn": turned_in, "turnedOut": turned_out}
            region = Region(KIND, end, (start,), (matrix,), own)
            if region.is_closed(graph):
                return region
    return None


def _directions(matrix: Columns) -> int:
    """Two where no direction's state meets the other's gates, one otherwise."""
    if len(matrix) % 2:
        return 1
    blocks = matrix.reshape(2, len(matrix) // 2, GATES, 2, len(matrix) // 2)
    return 1 if blocks[0, :, :, 1].any() or blocks[1, :, :, 0].any() else 2


def _bits(columns: Columns, directions: int, gates: int) -> int | None:
    """The directions that are turned round, as bits; None where it is not whole directions."""
    if columns.size % (gates * directions):
        return None
    each = columns.reshape(gates, directions, -1)
    if (each != each[:1, :, :1]).any():
        return None
    return sum(1 << place for place in range(directions) if each[0, place, 0])
