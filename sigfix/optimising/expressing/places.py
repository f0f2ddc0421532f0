"""Rules for operators that move elements about, or choose them by their place."""

from __future__ import annotations

import numpy as np

from sigfix.optimising.expressing.gathering import rows_of
from sigfix.optimising.expressing.sequences import scattered
from sigfix.optimising.expressing.writing import Reference, Rule, Writer
from sigfix.optimising.graph.operator_kinds import DT_BOOL, DT_INT32, DT_INT64, is_channels_last

LARGEST_KERNEL = 1 << 20
"""Numbers in a kernel of zeros and ones that patches are taken with."""


def _matrix_band_part(to: Writer) -> Reference | None:
    """TF.js (4.22) has it, and is wrong about truth values."""
    x, shape = to.operand(0), to.shape(to.operand(0))
    lower, upper = to.value(1), to.value(2)
    if shape is None or len(shape) < 2 or lower is None or upper is None:
        return None
    rows, columns = (to.counted(to.size_of(x, axis)) for axis in (-2, -1))
    down, across = to.expand(rows, 1, DT_INT32), to.expand(columns, 0, DT_INT32)
    apart = to.add("Sub", down, across, kind=DT_INT32)
    inside = []
    if lower >= 0:
        inside.append(to.compare("LessEqual", apart, to.whole(lower), DT_INT32))
    if upper >= 0:
        inside.append(to.compare("GreaterEqual", apart, to.whole(-upper), DT_INT32))
    return _where(to, inside, x)


def _where(to: Writer, conditions: list[Reference], x: Reference) -> Reference:
    """`x` where all conditions hold, else zero or false."""
    if to.data_type == DT_BOOL:
        for condition in conditions:
            x = to.add("LogicalAnd", condition, x)
        return x
    if len(conditions) == 2:
        conditions = [to.add("LogicalAnd", *conditions)]
    return to.select(conditions[0], x, to.number(0)) if conditions else to.add("Identity", x)


def _matrix_diag(to: Writer) -> Reference | None:
    """A vector on the diagonal; of the later versions the forms that do the same."""
    x, shape = to.operand(0), to.shape(to.operand(0))
    places = [to.value(place) for place in range(1, len(to.node.input))]
    expected = (0, -1, -1, 0)
    plain = all(
        v is not None and v.size == 1 and v.item() == e
        for v, e in zip(places, expected, strict=False)
    )
    if shape is None or not shape or not plain:
        return None
    counted = to.counted(to.size_of(x, -1))
    down, across = to.expand(counted, 1, DT_INT32), to.expand(counted, 0, DT_INT32)
    return _where(to, [to.compare("Equal", down, across, DT_INT32)], to.expand(x, -1))


def _one_hot(to: Writer) -> Reference | None:
    """TF.js (4.22) has it for the last axis; its wasm backend writes whole numbers, whatever it is
    asked for, and stops at truth values."""
    indices, (on, off) = to.operand(0), (to.value(place) for place in (2, 3))
    shape, axis = to.shape(indices), int(to.node.attr["axis"].i) if "axis" in to.node.attr else -1
    last = axis == -1 or (shape is not None and axis == len(shape))
    if (last and to.data_type in (DT_INT32, DT_INT64)) or (not last and shape is None):
        return None
    ends = to.whole(1), to.whole(0)
    made = to.made(to.add("OneHot", indices, to.operand(1), *ends, kind=DT_INT32))
    made.attr["TI"].CopyFrom(to.node.attr["TI"])
    made.attr["axis"].i = -1
    found = str(made.name)
    if on is not None and off is not None and (on.item(), off.item()) == (1, 0):
        found = to.cast(found, DT_INT32, to.data_type) if to.data_type != DT_INT32 else found
    else:
        found = to.select(to.cast(found, DT_INT32, DT_BOOL), to.operand(2), to.operand(3))
    if last:
        return found
    order = list(range(len(shape or [])))
    return to.transpose(found, [*order[:axis], len(order), *order[axis:]])


def _select(to: Writer) -> Reference | None:
    """Row by row where the condition has one axis: TF.js (4.22) spreads it along the last one."""
    condition, shape = to.operand(0), to.shape(to.operand(1))
    known = to.shape(condition)
    if known is None or shape is None or len(known) != 1 or len(shape) < 2:
        return None
    rows = to.reshape(condition, [-1] + [1] * (len(shape) - 1), DT_BOOL)
    return to.select(rows, to.operand(1), to.operand(2))


def _roll(to: Writer) -> Reference | None:
    x, shifts, axes = to.operand(0), to.value(1), to.value(2)
    shape = to.shape(x)
    if shifts is None or axes is None or shape is None:
        return None
    for shift, axis in zip(np.ravel(shifts), np.ravel(axes), strict=True):
        place = int(axis) % len(shape)
        size = shape[place]
        if size is None:
            count = to.size_of(x, place)
            turned = to.add("FloorMod", to.whole(shift), count, kind=DT_INT32)
            begin = to.add("Sub", count, turned, kind=DT_INT32)
        elif size == 0 or int(shift) % size == 0:
            continue
        else:
            begin = to.whole(size - int(shift) % size)
        x = to.join([to.cut(x, place, begin, None), to.cut(x, place, None, begin)], place)
    return x if x != to.operand(0) else to.add("Identity", x)


def _space_to_depth(to: Writer) -> Reference | None:
    x, shape, block = to.operand(0), to.shape(to.operand(0)), int(to.node.attr["block_size"].i)
    if shape is None or not is_channels_last(to.node) or None in shape[1:]:
        return None
    return _patches(to, x, shape[1:], (block, block))


def _patches(to: Writer, x: Reference, shape: list[int | None], size: tuple[int, int]) -> Reference:
    """Windows that neither overlap nor leave anything between them, as channels."""
    height, width, channels = (n or 0 for n in shape)
    rows, columns = height // size[0], width // size[1]
    if (height, width) != (rows * size[0], columns * size[1]):
        x = to.cut(x, 1, None, to.whole(rows * size[0]))
        x = to.cut(x, 2, None, to.whole(columns * size[1]))
    x = to.reshape(x, [-1, rows, size[0], columns, size[1], channels])
    x = to.transpose(x, [0, 1, 3, 2, 4, 5])
    return to.reshape(x, [-1, rows, columns, size[0] * size[1] * channels])


def _extract_image_patches(to: Writer) -> Reference | None:
    x, shape = to.operand(0), to.shape(to.operand(0))
    size, strides, rates = (
        tuple(to.node.attr[name].list.i[1:3]) for name in ("ksizes", "strides", "rates")
    )
    if shape is None or len(shape) != 4 or shape[3] is None:
        return None
    even = None not in shape[1:] and all(
        n and n % s == 0 for n, s in zip(shape[1:3], size, strict=True)
    )
    valid = to.node.attr["padding"].s == b"VALID"
    if size == strides and rates == (1, 1) and None not in shape[1:] and (even or valid):
        return _patches(to, x, shape[1:], (size[0], size[1]))
    count = size[0] * size[1] * shape[3]
    if count**2 > LARGEST_KERNEL or (rates != (1, 1) and strides != (1, 1)):
        return None
    kernel = to.constant(np.eye(count, dtype=np.float32).reshape(*size, shape[3], count))
    made = to.made(to.add("Conv2D", x, kernel))
    made.attr["strides"].list.i[:] = [1, *strides, 1]
    made.attr["dilations"].list.i[:] = [1, *rates, 1]
    made.attr["padding"].s, made.attr["data_format"].s = to.node.attr["padding"].s, b"NHWC"
    return str(made.name)


def _shapes(to: Writer) -> Reference:
    """One tensor at a time: TF.js (4.22) gives those of several as float32."""
    made = []
    for place, reference in enumerate(to.node.input):
        made.append(to.add("Shape", str(reference)))
        to.made(made[-1]).attr["out_type"].type = to.node.attr["out_type"].type or DT_INT32
        if place:
            to.graph.redirect(f"{to.node.name}:{place}", made[-1])
    return made[0]


def _stitched(to: Writer) -> Reference | None:
    """Rows that are put where constants say: looked up in all of them laid end to end."""
    count = int(to.node.attr["N"].i)
    places = [to.value(place) for place in range(count)]
    rows = [to.operand(count + place) for place in range(count)]
    shape = to.shape(rows[0])
    known = [place for place in places if place is not None]
    if shape is not None and len(known) < count:
        return scattered(to, count, len(shape))
    if len(known) < count or shape is None or None in shape[known[0].ndim :] or to.loops:
        return None
    every = np.concatenate([place.reshape(-1) for place in known])
    last = {int(place): number for number, place in enumerate(every)}
    if not last or set(last) != set(range(len(last))):
        return None
    one = [n or 0 for n in shape[known[0].ndim :]]
    flat = [to.reshape(x, [place.size, *one]) for x, place in zip(rows, known, strict=True)]
    joined = to.join(flat, 0) if count > 1 else flat[0]
    return rows_of(to, joined, to.whole([last[n] for n in range(len(last))]), to.data_type)


PLACES: dict[str, Rule] = {
    "DynamicStitch": _stitched,
    "ExtractImagePatches": _extract_image_patches,
    "MatrixBandPart": _matrix_band_part,
    "MatrixDiag": _matrix_diag,
    "MatrixDiagV2": _matrix_diag,
    "MatrixDiagV3": _matrix_diag,
    "OneHot": _one_hot,
    "ParallelDynamicStitch": _stitched,
    "Roll": _roll,
    "Select": _select,
    "ShapeN": _shapes,
    "SpaceToDepth": _space_to_depth,
}
"""Operator -> its rule."""
