"""Boxes in rows, so that what is read stands above who reads it, and lines cross seldom.

networkx tells which boxes come after which. A line that passes rows has a narrow place in each, so
that it goes beside the boxes and not through them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

BOX_WIDTH, BOX_HEIGHT, ROW, GAP, LANE = 260.0, 44.0, 84.0, 20.0, 14.0
_MOST_BESIDE = 5
_SWEEPS = 8
_PULLS = 200

Point = tuple[float, float]


@dataclass(frozen=True)
class Layout:
    """The middle of each box, the points of each line from edge to edge, and the size of it all."""

    boxes: tuple[Point, ...]
    lines: dict[tuple[int, int], tuple[Point, ...]]
    width: float
    height: float


@dataclass(eq=False)
class _Cell:
    """A box, or the place of a line in a row that it passes."""

    width: float
    row: int
    x: float = 0.0


def laid_out(count: int, edges: Iterable[tuple[int, int]]) -> Layout:
    """Places for `count` boxes with these lines between them, in pixels; they make no circle."""
    pairs = sorted(edges)
    row_of = _rows(count, pairs)
    boxes = [_Cell(BOX_WIDTH, row_of[number]) for number in range(count)]
    rows: list[list[_Cell]] = [[] for _ in range(max(row_of, default=0) + 1)]
    for cell in boxes:
        rows[cell.row].append(cell)
    above: dict[int, list[_Cell]] = {}
    below: dict[int, list[_Cell]] = {}
    chains: dict[tuple[int, int], list[_Cell]] = {}
    for pair in pairs:
        first, last = boxes[pair[0]], boxes[pair[1]]
        between = [_Cell(LANE, row) for row in range(first.row + 1, last.row)]
        for cell in between:
            rows[cell.row].append(cell)
        chains[pair] = [first, *between, last]
        for one, other in zip(chains[pair], chains[pair][1:], strict=False):
            below.setdefault(id(one), []).append(other)
            above.setdefault(id(other), []).append(one)
    _order(rows, above, below)
    _place(rows, above, below)
    left = min((cell.x - cell.width / 2 for row in rows for cell in row), default=0.0) - GAP
    right = max((cell.x + cell.width / 2 for row in rows for cell in row), default=0.0) + GAP
    for row in rows:
        for cell in row:
            cell.x -= left
    places = tuple((cell.x, GAP + BOX_HEIGHT / 2 + cell.row * ROW) for cell in boxes)
    lines = {
        pair: tuple((cell.x, GAP + BOX_HEIGHT / 2 + cell.row * ROW) for cell in chain)
        for pair, chain in chains.items()
    }
    return Layout(places, lines, right - left, len(rows) * ROW - ROW + BOX_HEIGHT + 2 * GAP)


def circles(edges: Iterable[tuple[int, int]]) -> list[set[int]]:
    """The boxes that feed one another, each such set."""
    import networkx

    graph: Any = networkx.DiGraph(list(edges))
    return [found for found in networkx.strongly_connected_components(graph) if len(found) > 1]


def _rows(count: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """The row of each box: one below the lowest that it reads."""
    import networkx

    graph: Any = networkx.DiGraph(pairs)
    found = [0] * count
    for number in networkx.topological_sort(graph):
        found[number] = max((found[each] + 1 for each in graph.predecessors(number)), default=0)
    return _folded(found)


def _folded(rows: list[int]) -> list[int]:
    """The same with rows that are too long for a page as several, one below the other."""
    new, first = [0] * len(rows), 0
    for row in range(max(rows, default=0) + 1):
        members = [number for number, each in enumerate(rows) if each == row]
        for at, number in enumerate(members):
            new[number] = first + at // _MOST_BESIDE
        first += -(-len(members) // _MOST_BESIDE)
    return new


def _order(
    rows: list[list[_Cell]], above: dict[int, list[_Cell]], below: dict[int, list[_Cell]]
) -> None:
    """Sort each row by where its neighbours stand, downwards and upwards in turn."""
    for sweep in range(_SWEEPS):
        neighbours = below if sweep % 2 else above
        for row in reversed(rows) if sweep % 2 else rows:
            for at, cell in enumerate(row):
                cell.x = cell.x if sweep else float(at)
            keys = {
                id(cell): _mean([each.x for each in neighbours.get(id(cell), ())], cell.x)
                for cell in row
            }
            row.sort(key=lambda cell: keys[id(cell)])
            for at, cell in enumerate(row):
                cell.x = at - len(row) / 2


def _place(
    rows: list[list[_Cell]], above: dict[int, list[_Cell]], below: dict[int, list[_Cell]]
) -> None:
    """Pull each cell to the middle of its neighbours, as far as those beside it let it."""
    for row in rows:
        at = 0.0
        for cell in row:
            cell.x = at + cell.width / 2
            at += cell.width + GAP
        for cell in row:
            cell.x -= at / 2
    for pull in range(_PULLS):
        for row in reversed(rows) if pull % 2 else rows:
            wanted = [
                _mean([c.x for c in (*above.get(id(e), ()), *below.get(id(e), ()))], e.x)
                for e in row
            ]
            _set_apart(row, wanted)


def _set_apart(row: list[_Cell], wanted: list[float]) -> None:
    """Give each cell the place nearest to the one wanted that keeps the order and the gaps."""
    runs: list[list[float]] = []  # sum of wanted starts, how many, where it is
    offset, offsets = 0.0, []
    for cell in row:
        offsets.append(offset + cell.width / 2)
        offset += cell.width + GAP
    for goal, shift in zip(wanted, offsets, strict=True):
        runs.append([goal - shift, 1])
        while len(runs) > 1 and runs[-2][0] / runs[-2][1] > runs[-1][0] / runs[-1][1]:
            total, count = runs.pop()
            runs[-1] = [runs[-1][0] + total, runs[-1][1] + count]
    starts = [total / count for total, count in runs for _ in range(int(count))]
    for cell, shift, start in zip(row, offsets, starts, strict=True):
        cell.x = start + shift


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
