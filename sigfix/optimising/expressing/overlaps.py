"""What suppressing boxes takes: corners, how far two overlap, and which score is the best."""

from __future__ import annotations

from dataclasses import dataclass

from sigfix.optimising.expressing.gathering import rows_of
from sigfix.optimising.expressing.writing import Reference, Writer
from sigfix.optimising.graph.operator_kinds import DT_BOOL, DT_FLOAT, DT_INT32

GONE = 3e38
"""What a score loses with which a box is picked no more."""

Size = int | Reference
"""A number that is known, or a scalar that is computed."""


@dataclass(frozen=True)
class Rows:
    """Tables [batch, rows, width] end to end, and the place where each begins, [batch, 1].

    `begins` is '' for a batch of one.
    """

    table: Reference
    begins: Reference

    def at(self, to: Writer, places: Reference) -> Reference:
        """The rows at places [batch, count]."""
        if self.begins:
            places = to.add("AddV2", places, self.begins, kind=DT_INT32)
        return rows_of(to, self.table, places, DT_FLOAT)


@dataclass(frozen=True)
class Boxes:
    """Boxes [batch, boxes, 2]: the lower corner, the upper one, and areas [batch, boxes, 1]."""

    low: Reference
    high: Reference
    areas: Reference
    begins: Reference

    def of(self, to: Writer, place: Reference) -> list[Reference]:
        """The three of the box at `place` [batch, 1]."""
        parts = ((self.low, 2), (self.high, 2), (self.areas, 1))
        return [Rows(to.reshape(x, [-1, n]), self.begins).at(to, place) for x, n in parts]


def scalar(to: Writer, size: Size) -> Reference:
    """A size as a tensor."""
    return size if isinstance(size, str) else to.whole(size)


def times(to: Writer, size: Size, factor: int) -> Size:
    """So many times a size."""
    if isinstance(size, int):
        return size * factor
    return size if factor == 1 else to.add("Mul", size, to.whole(factor), kind=DT_INT32)


def shaped(to: Writer, x: Reference, *sizes: Size, kind: int = DT_FLOAT) -> Reference:
    """A Reshape to sizes, -1 for the rest."""
    if any(isinstance(size, str) for size in sizes):
        return to.reshape(x, to.pack([scalar(to, size) for size in sizes]), kind)
    return to.reshape(x, [size for size in sizes if isinstance(size, int)], kind)


def begins_of(to: Writer, batch: Reference, rows: Size) -> Reference:
    """Where each example's rows begin, when those of all are laid end to end."""
    shape = to.shape(batch)
    if shape is not None and shape[0] == 1:
        return ""
    counted = to.expand(to.counted(to.size_of(batch, 0)), 1, DT_INT32)
    return to.add("Mul", counted, scalar(to, rows), kind=DT_INT32)


def _ends(to: Writer, boxes: Reference) -> tuple[Reference, Reference]:
    """The two corners of boxes [batch, boxes, 4] as they are given."""
    first, second = to.whole([0, 0, 0]), to.whole([0, 0, 2])
    size = to.whole([-1, -1, 2])
    made = [to.add("Slice", boxes, begin, size) for begin in (first, second)]
    for reference in made:
        to.made(reference).attr["Index"].type = DT_INT32
    return made[0], made[1]


def corners_of(to: Writer, boxes: Reference, begins: Reference) -> Boxes:
    """Boxes [batch, boxes, 4], whichever of their corners comes first."""
    ends = _ends(to, boxes)
    low, high = to.add("Minimum", *ends), to.add("Maximum", *ends)
    return Boxes(low, high, _product(to, to.add("Sub", high, low)), begins)


def _product(to: Writer, sides: Reference) -> Reference:
    """Width by height."""
    made = to.made(to.add("Prod", sides, to.whole([-1])))
    made.attr["Tidx"].type, made.attr["keep_dims"].b = DT_INT32, True
    return str(made.name)


def overlap_with(to: Writer, boxes: Boxes, place: Reference, least: float = 0) -> Reference:
    """Which part of their union each box shares with the one at `place` [batch, 1].

    Two boxes of no area share NaN, which is above no limit; 0 where `least`, of a union, is.
    """
    low, high, area = boxes.of(to, place)
    inner = to.add("Sub", to.add("Minimum", boxes.high, high), to.add("Maximum", boxes.low, low))
    shared = _product(to, to.add("Relu", inner))
    union = to.add("Sub", to.add("AddV2", boxes.areas, area), shared)
    union = to.add("Maximum", union, to.number(least)) if least else union
    return to.add("RealDiv", shared, union)


def best_of(to: Writer, scores: Reference, begins: Reference = "") -> tuple[Reference, Reference]:
    """The place of the largest of scores [batch, candidates], and its score, both [batch, 1]."""
    made = to.made(to.add("ArgMax", scores, to.whole(1)))
    made.attr["Tidx"].type = made.attr["output_type"].type = DT_INT32
    place = to.expand(str(made.name), 1, DT_INT32)
    return place, Rows(to.reshape(scores, [-1]), begins).at(to, place)


def as_number(to: Writer, flags: Reference) -> Reference:
    """1 where a flag is set, else 0."""
    return to.cast(flags, DT_BOOL, DT_FLOAT)


def lost_below(to: Writer, scores: Reference, threshold: Reference) -> Reference:
    """0 for scores above the threshold, far below 0 for the others."""
    above = as_number(to, to.compare("Greater", scores, threshold))
    return to.add("Mul", to.add("Sub", above, to.number(1)), to.number(GONE))


def zeros_behind(to: Writer, x: Reference, more: int, axis: int, rank: int = 1) -> Reference:
    """Zeros behind an axis."""
    sizes = [[0, more if place == axis else 0] for place in range(rank)]
    made = to.add("Pad", x, to.whole(sizes))
    to.made(made).attr["Tpaddings"].type = DT_INT32
    return made
