"""A rule for every n-th element of whole numbers and truth values, or all of them backwards.

TensorFlow.js's wasm backend (4.22) calls the result of a StridedSlice with steps float32, whatever
it holds. Elements are looked up in its place.
"""

from __future__ import annotations

import numpy as np

from sigfix.optimising.expressing.writing import Reference, Rule, Writer
from sigfix.optimising.graph.operator_kinds import DT_BOOL, DT_INT32, ONE_TYPE

MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def _strided_slice(to: Writer) -> Reference | None:
    kind, shape = to.data_type, to.shape(to.operand(0))
    if kind != DT_BOOL and kind not in ONE_TYPE[1]:
        return None
    begin, end, step = (to.value(place) for place in (1, 2, 3))
    if shape is None or begin is None or end is None or step is None:
        return None
    masks = {name: int(to.node.attr[name].i) for name in MASKS}
    count, x = len(step), to.operand(0)
    stepping = [
        place for place in range(count)
        if step[place] != 1 and not masks["shrink_axis_mask"] >> place & 1
        and not masks["ellipsis_mask"] >> place & 1
    ]  # fmt: skip
    if not stepping or masks["new_axis_mask"]:
        return None
    own = DT_INT32 if kind == DT_BOOL else kind
    if kind == DT_BOOL:
        x = to.cast(x, DT_BOOL, DT_INT32)
    for place in stepping:
        behind = masks["ellipsis_mask"] and place > masks["ellipsis_mask"].bit_length() - 1
        axis = len(shape) - count + place if behind else place
        first = None if masks["begin_mask"] >> place & 1 else int(begin[place])
        last = None if masks["end_mask"] >> place & 1 else int(end[place])
        wanted = _places(to, axis, shape[axis], (first, last, int(step[place])))
        if wanted is None:
            return None
        x = _taken(to, x, wanted, axis, own)
        masks["begin_mask"] |= 1 << place
        masks["end_mask"] |= 1 << place
    ones = to.constant(np.where(np.isin(np.arange(count), stepping), 1, step).astype(step.dtype))
    made = to.made(to.add("StridedSlice", x, to.operand(1), to.operand(2), ones, kind=own))
    made.attr["Index"].CopyFrom(to.node.attr["Index"])
    for name, value in masks.items():
        made.attr[name].i = value
    return to.cast(str(made.name), DT_INT32, DT_BOOL) if kind == DT_BOOL else str(made.name)


def _places(
    to: Writer, axis: int, size: int | None, bounds: tuple[int | None, int | None, int]
) -> Reference | None:
    """The places that a slice takes of an axis, None where they cannot be told."""
    begin, end, step = bounds
    if size is not None:
        return to.whole(np.arange(size)[begin:end:step])
    whole = to.size_of(to.operand(0), axis)
    first, last = to.whole(begin or 0), whole
    if step < 0:
        if begin is not None:
            return None
        first, last = to.add("Sub", whole, to.whole(1), kind=DT_INT32), to.whole(-1)
    if end is not None or (begin or 0) < 0:
        return None
    made = to.made(to.add("Range", first, last, to.whole(step), kind=DT_INT32))
    made.attr["Tidx"].type = DT_INT32
    return str(made.name)


def _taken(to: Writer, x: Reference, places: Reference, axis: int, kind: int) -> Reference:
    made = to.made(to.add("GatherV2", x, places, to.whole(axis)))
    del made.attr["T"]
    made.attr["Tparams"].type = kind
    made.attr["Tindices"].type = made.attr["Taxis"].type = DT_INT32
    return str(made.name)


STRIDED: dict[str, Rule] = {"StridedSlice": _strided_slice}
"""Operator -> its rule."""
