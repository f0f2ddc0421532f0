"""Rules for ragged tensors, whose rows are told by where each begins among all values."""

from __future__ import annotations

from sigfix.optimising.expressing.segments import added_up
from sigfix.optimising.expressing.writing import Reference, Rule, Writer
from sigfix.optimising.graph.operator_kinds import DT_INT32

DT_STRING, DT_INT64 = 7, 9


def _whole(to: Writer, op: str, *operands: Reference) -> Reference:
    return to.add(op, *operands, kind=DT_INT32)


def _largest(to: Writer, numbers: Reference) -> Reference:
    """The largest of whole numbers, 0 where there are none; a scalar."""
    made = to.made(_whole(to, "ConcatV2", to.whole([0]), numbers, to.whole(0)))
    made.attr["N"].i, made.attr["Tidx"].type = 2, DT_INT32
    found = _whole(to, "Max", str(made.name), to.whole([0]))
    to.made(found).attr["Tidx"].type = DT_INT32
    return found


def _searched(to: Writer, op: str, numbers: Reference, places: Reference) -> Reference:
    """LowerBound or UpperBound of each place among sorted numbers."""
    batches = to.expand(numbers, 0, DT_INT32), to.expand(places, 0, DT_INT32)
    found = _whole(to, op, *batches)
    to.made(found).attr["out_type"].type = DT_INT32
    row = to.made(_whole(to, "Squeeze", found))
    row.attr["squeeze_dims"].list.i[:] = [0]
    return str(row.name)


def _row_of(to: Writer, splits: Reference, places: Reference) -> Reference:
    """The row that each place among the values lies in."""
    return _whole(to, "Sub", _searched(to, "UpperBound", splits, places), to.whole(1))


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


def _rows_of(to: Writer, values: Reference) -> tuple[Reference, Reference, Reference] | None:
    """The row of each value, its place in the row, and how many rows there are."""
    parts = [str(item) for item in to.node.input[3:] if not item.startswith("^")]
    kinds = [kind.decode() for kind in to.node.attr["row_partition_types"].list.s]
    kind = to.node.attr["Tindex"].type or DT_INT64
    whole = [to.cast(each, kind, DT_INT32) if kind != DT_INT32 else each for each in parts]
    size = to.made(to.add("Shape", values))
    size.attr["out_type"].type = DT_INT32
    count = _gathered(to, str(size.name), to.whole(0))
    places = to.counted(count)
    if kinds == ["ROW_SPLITS"]:
        rows = _row_of(to, whole[0], places)
        begins = _gathered(to, whole[0], rows)
        amount = _whole(to, "Sub", _sizes(to, whole[0], DT_INT32), to.whole(1))
    elif kinds == ["FIRST_DIM_SIZE", "VALUE_ROWIDS"]:
        amount, rows = whole
        begins = _searched(to, "LowerBound", rows, rows)
    else:
        return None
    return rows, _whole(to, "Sub", places, begins), amount


def _to_dense(to: Writer) -> Reference | None:
    """The values scattered to their places in the rows; what no value is for has the default."""
    values, wanted, shape = to.operand(1), to.value(0), to.shape(to.operand(1))
    found = _rows_of(to, values)
    if to.data_type == DT_STRING or wanted is None or found is None or shape is None:
        return None
    rows, places, amount = found
    sizes = [-1, -1] if wanted.ndim == 0 else [int(size) for size in wanted[:2]]
    ends = _whole(to, "AddV2", places, to.whole(1))
    high = amount if sizes[0] < 0 else to.whole(sizes[0])
    wide = _largest(to, ends) if sizes[1] < 0 else to.whole(sizes[1])
    inside = to.add(
        "LogicalAnd", to.compare("Less", rows, high, DT_INT32),
        to.compare("Less", places, wide, DT_INT32),
    )  # fmt: skip
    numbers = _whole(to, "AddV2", _whole(to, "Mul", rows, wide), places)
    outside = _whole(to, "Sub", _whole(to, "ZerosLike", numbers), to.whole(1))
    numbers = _whole(to, "SelectV2", inside, numbers, outside)
    whole_shape = to.made(to.add("Shape", values))
    whole_shape.attr["out_type"].type = DT_INT32
    one = _between(to, str(whole_shape.name), 1, 0)
    slots = _whole(to, "Mul", high, wide)
    target = to.made(_whole(to, "ConcatV2", to.pack([high, wide]), one, to.whole(0)))
    target.attr["N"].i, target.attr["Tidx"].type = 2, DT_INT32
    filled = to.reshape(added_up(to, values, numbers, slots, one), str(target.name))
    default = to.value(2)
    if default is not None and not default.any():
        return filled
    ones = _whole(to, "AddV2", _whole(to, "ZerosLike", numbers), to.whole(1))
    given = added_up(to, to.cast(ones, DT_INT32, to.data_type), numbers, slots, to.whole([]))
    flat = to.made(to.add("Pack", high, wide, *[to.whole(1)] * (len(shape) - 1), kind=DT_INT32))
    flat.attr["N"].i = len(shape) + 1
    given = to.reshape(given, str(flat.name))
    return to.select(to.compare("Greater", given, to.number(0)), filled, to.operand(2))


RAGGED: dict[str, Rule] = {
    "RaggedTensorToSparse": _to_sparse,
    "RaggedTensorToTensor": _to_dense,
}
"""Operator -> its rule."""
