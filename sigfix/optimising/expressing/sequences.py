"""Rules for rows that are turned round up to a length, and for rows that are sorted apart."""

from __future__ import annotations

from sigfix.optimising.expressing.gathering import rows_of, sizes_behind, sizes_of
from sigfix.optimising.expressing.segments import one_more_than_the_last, whole_numbers
from sigfix.optimising.expressing.writing import Reference, Rule, Writer
from sigfix.optimising.graph.operator_kinds import DT_BOOL, DT_INT32, DT_INT64

DT_STRING = 7


def _reverse_sequence(to: Writer) -> Reference | None:
    """Each example's first steps turned round, as many as it has: rows of all, looked up."""
    shape = to.shape(to.operand(0))
    across, along = (int(to.node.attr[name].i) for name in ("batch_dim", "seq_dim"))
    if shape is None or {across, along} != {0, 1} or to.data_type in (DT_BOOL, DT_STRING):
        return None
    order = [1, 0, *range(2, len(shape))] if across else list(range(len(shape)))
    x = to.transpose(to.operand(0), order)
    examples, steps = to.size_of(to.operand(0), across), to.size_of(to.operand(0), along)
    step = to.expand(to.counted(steps), 0, DT_INT32)
    length = to.expand(whole_numbers(to, 1, "Tlen"), 1, DT_INT32)
    last = to.add("Sub", length, to.whole(1), kind=DT_INT32)
    turned = to.add("Sub", last, step, kind=DT_INT32)
    inside = to.compare("Less", step, length, DT_INT32)
    place = to.add("SelectV2", inside, turned, step, kind=DT_INT32)
    begin = to.add("Mul", to.counted(examples), steps, kind=DT_INT32)
    place = to.add("AddV2", place, to.expand(begin, 1, DT_INT32), kind=DT_INT32)
    sizes = sizes_of(to, x, to.data_type)
    behind = sizes_behind(to, [shape[axis] for axis in order], 2, sizes)
    rows = to.reshape(x, to.join([to.whole([-1]), behind], 0, DT_INT32))
    found = rows_of(to, rows, to.reshape(place, [-1], DT_INT32), to.data_type)
    return to.transpose(to.reshape(found, sizes), order)


def _dynamic_partition(to: Writer) -> Reference | None:
    """The rows whose number is 0, those whose number is 1, and so on: found as TF.js's Where does,
    which only `executeAsync` runs."""
    shape, numbers = to.shape(to.operand(0)), to.shape(to.operand(1))
    if shape is None or numbers is None or not numbers or to.data_type == DT_STRING:
        return None
    behind = sizes_behind(to, shape, len(numbers), sizes_of(to, to.operand(0), to.data_type))
    rows = to.reshape(to.operand(0), to.join([to.whole([-1]), behind], 0, DT_INT32))
    flat = to.reshape(to.operand(1), [-1], DT_INT32)
    parts = []
    for number in range(int(to.node.attr["num_partitions"].i)):
        own = to.compare("Equal", flat, to.whole(number), DT_INT32)
        place = to.cast(to.add("Where", own, kind=DT_BOOL), DT_INT64, DT_INT32)
        place = to.reshape(place, [-1], DT_INT32)
        parts.append(rows_of(to, rows, place, to.data_type))
    for port, made in enumerate(parts[1:], start=1):
        to.graph.redirect(f"{to.node.name}:{port}", made)
    return parts[0]


def scattered(to: Writer, count: int, rank: int) -> Reference | None:
    """DynamicStitch with places that are computed: rows are written over zeros, the last wins."""
    rows = [to.operand(count + place) for place in range(count)]
    given, kind = to.shape(to.operand(0)), to.data_type
    if given is None or kind in (DT_BOOL, DT_STRING):
        return None
    sizes = sizes_of(to, rows[0], kind)
    behind = sizes_behind(to, [None] * rank, len(given), sizes)
    target = to.join([to.whole([-1]), behind], 0, DT_INT32)
    joined = (
        to.join([to.reshape(x, target) for x in rows], 0)
        if count > 1
        else to.reshape(rows[0], target)
    )
    flat = [to.reshape(to.operand(place), [-1], DT_INT32) for place in range(count)]
    places = to.join(flat, 0, DT_INT32) if count > 1 else flat[0]
    total = one_more_than_the_last(to, places)
    whole = to.join([to.expand(total, 0, DT_INT32), behind], 0, DT_INT32)
    zeros = to.made(to.add("Fill", whole, to.number(0)))
    zeros.attr["index_type"].type = DT_INT32
    made = to.add("TensorScatterUpdate", str(zeros.name), to.expand(places, 1, DT_INT32), joined)
    to.made(made).attr["Tindices"].type = DT_INT32
    return made


SEQUENCES: dict[str, Rule] = {
    "DynamicPartition": _dynamic_partition,
    "ReverseSequence": _reverse_sequence,
}
"""Operator -> its rule."""
