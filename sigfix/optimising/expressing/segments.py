"""Rules for sums and the like over segments: rows that bear the same number.

TensorFlow.js adds up rows of one number where it scatters them. For the largest, the least and the
product each segment is masked out of all rows, which takes as many numbers as there are rows times
segments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sigfix.optimising.expressing.writing import Reference, Rule, Writer
from sigfix.optimising.graph.operator_kinds import DT_BOOL, DT_FLOAT, DT_INT32

Count = Callable[[Writer, Reference], Reference]
"""How many segments there are, an int32 scalar, from the numbers of the rows."""


def whole_numbers(to: Writer, place: int, *attributes: str) -> Reference:
    """An operand of int32 or int64 as int32; `attributes` tell its type, by the first there is."""
    kind = next((to.node.attr[n].type for n in attributes if n in to.node.attr), DT_INT32)
    x = to.operand(place)
    return x if kind == DT_INT32 else to.cast(x, kind, DT_INT32)


def one_more_than_the_last(to: Writer, numbers: Reference) -> Reference:
    """For numbers that are sorted; 0 where there are none."""
    known = to.join([to.whole([-1]), numbers], 0, DT_INT32)
    last = to.add("Max", known, to.whole([0]), kind=DT_INT32)
    to.made(last).attr["Tidx"].type = DT_INT32
    return to.add("AddV2", last, to.whole(1), kind=DT_INT32)


def _given(place: int) -> Count:
    return lambda to, numbers: whole_numbers(to, place, "Tnumsegments")


def _rows(to: Writer) -> tuple[Reference, Reference, Reference] | None:
    """Rows, the number of each, and the shape of one; numbers of several axes become one."""
    x = to.operand(0)
    numbers = whole_numbers(to, 1, "Tindices")
    shape = to.shape(to.operand(1))
    if shape is None:
        return None
    one = _shape_behind(to, x, len(shape))
    if len(shape) != 1:
        numbers = to.reshape(numbers, [-1], DT_INT32)
        x = to.reshape(x, to.join([to.whole([-1]), one], 0, DT_INT32))
    return x, numbers, one


def _shape_behind(to: Writer, x: Reference, first: int) -> Reference:
    """The sizes of the axes from `first` on, a vector."""
    made = to.made(to.add("Shape", x))
    made.attr["out_type"].type = DT_INT32
    ends = [to.whole([first]), to.whole([0]), to.whole([1])]
    rest = to.made(to.add("StridedSlice", str(made.name), *ends, kind=DT_INT32))
    rest.attr["Index"].type, rest.attr["end_mask"].i = DT_INT32, 1
    return str(rest.name)


def added_up(
    to: Writer, x: Reference, numbers: Reference, count: Reference, one: Reference
) -> Reference:
    """The sum of each segment's rows. Numbers below 0 are rows of one segment more, which goes."""
    outside = to.compare("Less", numbers, to.whole(0), DT_INT32)
    places = to.add(
        "SelectV2", outside, to.add("AddV2", to.add("ZerosLike", numbers, kind=DT_INT32), count,
                                    kind=DT_INT32), numbers, kind=DT_INT32)  # fmt: skip
    size = to.expand(to.add("AddV2", count, to.whole(1), kind=DT_INT32), 0, DT_INT32)
    made = to.add("ScatterNd", to.expand(places, 1, DT_INT32), x, to.join([size, one], 0, DT_INT32))
    to.made(made).attr["Tindices"].type = DT_INT32
    return to.cut(made, 0, None, count)


def _sum(count_of: Count) -> Rule:
    def rule(to: Writer) -> Reference | None:
        found = _rows(to)
        if found is None:
            return None
        x, numbers, one = found
        return added_up(to, x, numbers, count_of(to, numbers), one)

    return rule


def divided(
    to: Writer, total: Reference, numbers: Reference, count: Reference, by_root: bool
) -> Reference:
    """Sums by how many rows each is of, or by the root of that; those of none stay 0."""
    rank = len(to.shape(to.operand(0)) or [0])
    ones = to.add("AddV2", to.add("ZerosLike", numbers, kind=DT_INT32), to.whole(1), kind=DT_INT32)
    ones = to.cast(ones, DT_INT32, to.data_type)
    sizes = added_up(to, ones, numbers, count, to.whole([]))
    sizes = to.add("Maximum", sizes, to.number(1))
    if by_root:
        sizes = to.add("Sqrt", sizes)
    return to.add("RealDiv", total, to.reshape(sizes, [-1] + [1] * (rank - 1)))


def _mean(to: Writer) -> Reference | None:
    found = _rows(to)
    if found is None or to.shape(to.operand(0)) is None or to.data_type != DT_FLOAT:
        return None
    x, numbers, one = found
    count = one_more_than_the_last(to, numbers)
    return divided(to, added_up(to, x, numbers, count, one), numbers, count, False)


def _sparse(count_of: Count, by_size: bool, by_root: bool = False) -> Rule:
    """Rows that are looked up first."""

    def rule(to: Writer) -> Reference | None:
        if to.shape(to.operand(0)) is None or to.data_type != DT_FLOAT:
            return None
        places = whole_numbers(to, 1, "Tidx")
        numbers = whole_numbers(to, 2, "Tsegmentids")
        rows = to.made(to.add("GatherV2", to.operand(0), places, to.whole(0)))
        del rows.attr["T"]
        rows.attr["Tparams"].type = to.data_type
        rows.attr["Tindices"].type = rows.attr["Taxis"].type = DT_INT32
        count = count_of(to, numbers)
        one = _shape_behind(to, to.operand(0), 1)
        total = added_up(to, str(rows.name), numbers, count, one)
        return divided(to, total, numbers, count, by_root) if by_size else total

    return rule


def _masked(op: str, empty: Callable[[type], float], count_of: Count, zeros: bool = False) -> Rule:
    """`op` over the rows of each segment; `empty` is the result over none, of an element type.

    With `zeros` it is 0 over none.
    """

    def rule(to: Writer) -> Reference | None:
        from tensorflow.python.framework import dtypes

        found, shape = _rows(to), to.shape(to.operand(0))
        if found is None or shape is None or to.data_type not in (DT_FLOAT, DT_INT32):
            return None
        x, numbers, _ = found
        behind = len(shape) - len(to.shape(to.operand(1)) or [])
        places = to.counted(count_of(to, numbers))
        same = to.compare("Equal", to.expand(places, 1, DT_INT32),
                          to.expand(numbers, 0, DT_INT32), DT_INT32)  # fmt: skip
        for _ in range(behind):
            same = to.expand(same, -1, DT_BOOL)
        nothing = to.number(empty(dtypes.as_dtype(to.data_type).as_numpy_dtype))
        rows = to.expand(x, 0)
        made = to.add(op, to.select(same, rows, nothing), to.whole([1]))
        to.made(made).attr["Tidx"].type = DT_INT32
        if not zeros:
            return made
        some = to.made(to.add("Any", same, to.whole([1]), kind=DT_BOOL))
        some.attr["Tidx"].type = DT_INT32
        return to.select(str(some.name), made, to.add("ZerosLike", made))

    return rule


def _scattered(op: str) -> Rule:
    """What is scattered is added up by itself, then added to the tensor or taken from it."""

    def rule(to: Writer) -> Reference:
        places = whole_numbers(to, 1, "Tindices")
        shape = to.made(to.add("Shape", to.operand(0)))
        shape.attr["out_type"].type = DT_INT32
        made = to.add("ScatterNd", places, to.operand(2), str(shape.name))
        to.made(made).attr["Tindices"].type = DT_INT32
        return to.add(op, to.operand(0), made)

    return rule


def _range(kind: type) -> tuple[float, float]:
    info: Any = np.finfo(kind) if np.issubdtype(kind, np.floating) else np.iinfo(kind)
    return float(info.min), float(info.max)


SEGMENTS: dict[str, Rule] = {
    "SegmentMax": _masked("Max", lambda kind: _range(kind)[0], one_more_than_the_last, True),
    "SegmentMean": _mean,
    "SegmentMin": _masked("Min", lambda kind: _range(kind)[1], one_more_than_the_last, True),
    "SegmentSum": _sum(one_more_than_the_last),
    "SparseSegmentMeanWithNumSegments": _sparse(_given(3), True),
    "SparseSegmentSqrtN": _sparse(one_more_than_the_last, True, True),
    "SparseSegmentSqrtNWithNumSegments": _sparse(_given(3), True, True),
    "SparseSegmentSumWithNumSegments": _sparse(_given(3), False),
    "TensorScatterAdd": _scattered("AddV2"),
    "TensorScatterSub": _scattered("Sub"),
    "UnsortedSegmentMax": _masked("Max", lambda kind: _range(kind)[0], _given(2)),
    "UnsortedSegmentMin": _masked("Min", lambda kind: _range(kind)[1], _given(2)),
    "UnsortedSegmentProd": _masked("Prod", lambda kind: 1, _given(2)),
    "UnsortedSegmentSum": _sum(_given(2)),
}
"""Operator -> its rule."""
