"""Rules for ragged tensors, whose rows are told by where each begins among all values."""

from __future__ import annotations

from sigfix.optimising.expressing.writing import Reference, Rule, Writer
from sigfix.optimising.graph.operator_kinds import DT_INT32

DT_INT64 = 9


def _whole(to: Writer, op: str, *operands: Reference) -> Reference:
    return to.add(op, *operands, kind=DT_INT32)


def _largest(to: Writer, numbers: Reference) -> Reference:
    """The largest of whole numbers, 0 where there are none; a scalar."""
    made = to.made(_whole(to, "ConcatV2", to.whole([0]), numbers, to.whole(0)))
    made.attr["N"].i, made.attr["Tidx"].type = 2, DT_INT32
    found = _whole(to, "Max", str(made.name), to.whole([0]))
    to.made(found).attr["Tidx"].type = DT_INT32
    return found


def _row_of(to: Writer, splits: Reference, places: Reference) -> Reference:
    """The row that each place among the values lies in."""
    batches = to.expand(splits, 0, DT_INT32), to.expand(places, 0, DT_INT32)
    found = _whole(to, "UpperBound", *batches)
    to.made(found).attr["out_type"].type = DT_INT32
    rows = to.made(_whole(to, "Squeeze", found))
    rows.attr["squeeze_dims"].list.i[:] = [0]
    return _whole(to, "Sub", str(rows.name), to.whole(1))


def _gathered(to: Writer, x: Reference, places: Reference) -> Reference:
    made = to.made(_whole(to, "GatherV2", x, places, to.whole(0)))
    del made.attr["T"]
    for name in ("Tparams", "Tindices", "Taxis"):
        made.attr[name].type = DT_INT32
    return str(made.name)


def _between(to: Writer, x: Reference, begin: int, end: int) -> Reference:
    """A vector of int32 without its first or its last number."""
    ends = [to.whole([begin]), to.whole([end]), to.whole([1])]
    made = to.made(_whole(to, "StridedSlice", x, *ends))
    made.attr["Index"].type, made.attr["end_mask"].i = DT_INT32, int(end == 0)
    return str(made.name)


def _sizes(to: Writer, x: Reference, kind: int) -> Reference:
    """How many numbers a vector has, a scalar."""
    made = to.made(to.add("Size", x, kind=kind))
    made.attr["out_type"].type = DT_INT32
    return str(made.name)


def _to_sparse(to: Writer) -> Reference | None:
    """Indices, values and the dense shape, from the beginnings of rows at each level."""
    inputs = [str(item) for item in to.node.input if not item.startswith("^")]
    values, kind = inputs.pop(), to.node.attr["Tsplits"].type or DT_INT64
    shape = to.shape(values)
    if shape is None or len(shape) != 1:
        return None
    levels = [to.cast(each, kind, DT_INT32) if kind != DT_INT32 else each for each in inputs]
    places = to.counted(_sizes(to, values, to.data_type))
    columns: list[Reference] = []
    sizes: list[Reference] = []
    for splits in reversed(levels):
        rows = _row_of(to, splits, places)
        columns.insert(0, _whole(to, "Sub", places, _gathered(to, splits, rows)))
        lengths = _whole(to, "Sub", _between(to, splits, 1, 0), _between(to, splits, 0, -1))
        sizes.insert(0, _largest(to, lengths))
        places = rows
    count = _whole(to, "Sub", _sizes(to, levels[0], DT_INT32), to.whole(1))
    indices = to.made(_whole(to, "Pack", places, *columns))
    indices.attr["N"].i, indices.attr["axis"].i = len(columns) + 1, 1
    dense = to.pack([count, *sizes])
    to.graph.redirect(f"{to.node.name}:1", values)
    to.graph.redirect(f"{to.node.name}:2", to.cast(dense, DT_INT32, DT_INT64))
    return to.cast(str(indices.name), DT_INT32, DT_INT64)


RAGGED: dict[str, Rule] = {"RaggedTensorToSparse": _to_sparse}
"""Operator -> its rule."""
