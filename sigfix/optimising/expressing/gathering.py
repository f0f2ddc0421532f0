"""A rule for rows that each example of a batch looks up in a table of its own.

TensorFlow.js's wasm backend (4.22) finds the wrong rows for all but the first example, and may stop
at what it read there. The tables are laid end to end here, and places counted from where each
begins.
"""

from __future__ import annotations

from math import prod

from sigfix.optimising.expressing.segments import whole_numbers
from sigfix.optimising.expressing.writing import Reference, Writer
from sigfix.optimising.graph.operator_kinds import DT_INT32

DT_STRING = 7
Sizes = list[int | None]


def gather_in_batches(to: Writer) -> Reference | None:
    """GatherV2 with `batch_dims`, along the axis behind those."""
    axis, table, places = to.value(2), to.shape(to.operand(0)), to.shape(to.operand(1))
    kind = int(to.node.attr["Tparams"].type)
    if axis is None or table is None or places is None or not places or kind == DT_STRING:
        return None
    shared = int(to.node.attr["batch_dims"].i)
    shared += len(places) if shared < 0 else 0
    if not shared or int(axis) % len(table) != shared or prod(n or 0 for n in table[:shared]) == 1:
        return None
    indices = whole_numbers(to, 1, "Tindices")
    of_table, of_places = sizes_of(to, to.operand(0), kind), sizes_of(to, indices, DT_INT32)
    tables = _count(to, table[:shared], of_table, 0)
    rows = _count(to, table[shared : shared + 1], of_table, shared)
    begins = to.add("Mul", to.counted(tables), rows, kind=DT_INT32)
    width = _count(to, places[shared:], of_places, shared)
    flat = to.reshape(indices, to.pack([tables, width]), DT_INT32)
    flat = to.add("AddV2", flat, to.expand(begins, 1, DT_INT32), kind=DT_INT32)
    behind = sizes_behind(to, table, shared + 1, of_table)
    whole = to.reshape(to.operand(0), to.join([to.whole([-1]), behind], 0, DT_INT32), kind)
    found = rows_of(to, whole, to.reshape(flat, [-1], DT_INT32), kind)
    wanted: Sizes = [*places, *table[shared + 1 :]]
    if wanted.count(None) < 2 and 0 not in wanted:
        return to.reshape(found, [-1 if n is None else n for n in wanted], kind)
    return to.reshape(found, to.join([of_places, behind], 0, DT_INT32), kind)


def rows_of(to: Writer, table: Reference, places: Reference, kind: int) -> Reference:
    """A GatherV2 along the first axis."""
    made = to.made(to.add("GatherV2", table, places, to.whole(0)))
    del made.attr["T"]
    made.attr["Tparams"].type = kind
    made.attr["Tindices"].type = made.attr["Taxis"].type = DT_INT32
    return str(made.name)


def sizes_of(to: Writer, x: Reference, kind: int) -> Reference:
    """The shape of a tensor, a vector."""
    made = to.made(to.add("Shape", x, kind=kind))
    made.attr["out_type"].type = DT_INT32
    return str(made.name)


def _count(to: Writer, known: Sizes, sizes: Reference, first: int) -> Reference:
    """The product of the sizes from the axis `first` on, of which `known` says some: a scalar."""
    found = to.whole(prod(n for n in known if n is not None))
    for axis, size in enumerate(known, start=first):
        if size is None:
            ends = [to.whole([axis]), to.whole([axis + 1]), to.whole([1])]
            own = to.made(to.add("StridedSlice", sizes, *ends, kind=DT_INT32))
            own.attr["Index"].type, own.attr["shrink_axis_mask"].i = DT_INT32, 1
            found = to.add("Mul", found, str(own.name), kind=DT_INT32)
    return found


def sizes_behind(to: Writer, known: Sizes, first: int, sizes: Reference) -> Reference:
    """The sizes from the axis `first` on, a vector."""
    if None not in known[first:]:
        return to.whole(known[first:])
    ends = [to.whole([first]), to.whole([0]), to.whole([1])]
    made = to.made(to.add("StridedSlice", sizes, *ends, kind=DT_INT32))
    made.attr["Index"].type, made.attr["end_mask"].i = DT_INT32, 1
    return str(made.name)
