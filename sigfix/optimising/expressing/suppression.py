"""The rule for CombinedNonMaxSuppression: each image's best boxes, of all classes together.

Each pick is written out: the largest score left, and those taken down that overlap it and are of
its class. That is plain operators, for any batch and every backend of TensorFlow.js, and computes
what overlaps as TensorFlow does, so that what is on the edge falls to the same side.
"""

from __future__ import annotations

import numpy as np

from sigfix.describing.suppression import MOST_PICKS, most_picked
from sigfix.optimising.expressing.overlaps import (
    GONE,
    Boxes,
    Rows,
    Size,
    as_number,
    begins_of,
    best_of,
    corners_of,
    lost_below,
    overlap_with,
    scalar,
    shaped,
    times,
    zeros_behind,
)
from sigfix.optimising.expressing.writing import Reference, Rule, Writer
from sigfix.optimising.graph.operator_kinds import DT_BOOL, DT_FLOAT, DT_INT32


def _combined(to: Writer) -> Reference | None:
    """Of every class the best boxes, and of all classes together the best of those."""
    boxes, scores = to.operand(0), to.operand(1)
    box_shape, score_shape = to.shape(boxes), to.shape(scores)
    a_class, in_all = to.value(2), to.value(3)
    if a_class is None or in_all is None or box_shape is None or score_shape is None:
        return None
    (known, owners), classes = box_shape[1:3], score_shape[2]
    if owners is None or classes is None:
        return None
    count = to.size_of(boxes, 1) if known is None else known
    own, total = int(a_class.item()), int(in_all.item())
    picks = most_picked(total, own, classes, known)
    if picks > MOST_PICKS:
        return None
    order, every = [0, 2, 1, 3], times(to, count, owners)
    flat = shaped(to, to.transpose(boxes, order) if owners > 1 else boxes, -1, every, 4)
    turned = to.transpose(scores, order[:3])
    left = to.add("AddV2", turned, lost_below(to, turned, to.operand(5)))
    limit = own if own < picks and classes > 1 else None
    corners = corners_of(to, flat, begins_of(to, boxes, every))
    found = _picked(to, left, corners, (classes, count, owners), picks, limit)
    wanted = min(total, own * classes) if to.node.attr["pad_per_class"].b else total
    given = Rows(to.reshape(flat, [-1, 4]), corners.begins)
    return _combined_results(to, given, found, (count, owners, picks, wanted))


def _picked(
    to: Writer,
    left: Reference,
    boxes: Boxes,
    sizes: tuple[int, Size, int],
    picks: int,
    limit: int | None,
) -> tuple[list[Reference], list[Reference]]:
    """Places and scores of the picks, each [batch, 1], out of scores `left` [batch, class, box]."""
    classes, count, owners = sizes
    numbers = to.constant(np.arange(classes, dtype=np.int32)[None, :, None])
    every = _numbered(to, times(to, count, owners))
    begins = begins_of(to, to.operand(1), times(to, count, classes)) if boxes.begins else ""
    places, best, taken = [], [], None
    for _ in range(picks):
        flat = shaped(to, left, -1, times(to, count, classes))
        place, score = best_of(to, flat, begins)
        places.append(place)
        best.append(score)
        if len(places) == picks:
            break
        box = place if owners > 1 or classes == 1 else _box_of(to, place, count)
        near = to.compare("Greater", overlap_with(to, boxes, box), to.operand(4))
        same = to.compare("Equal", every, to.expand(box, 2, DT_INT32), DT_INT32)
        near = to.add("LogicalOr", near, same, kind=DT_BOOL)
        if classes == 1:
            gone = shaped(to, as_number(to, near), -1, 1, count)
            left = to.add("Sub", left, to.add("Mul", gone, to.number(GONE)))
            continue
        kind = to.expand(_class_of(to, place, count), 2, DT_INT32)
        its = as_number(to, to.compare("Equal", numbers, kind, DT_INT32))
        if limit is not None:
            taken = its if taken is None else to.add("AddV2", taken, its)
            now = to.add("Mul", taken, its)
            full = to.compare("GreaterEqual", _largest(to, now), to.number(limit))
            near = to.add("LogicalOr", near, full, kind=DT_BOOL)
        gone = shaped(to, as_number(to, near), -1, owners, count)
        left = to.add("Sub", left, to.add("Mul", to.add("Mul", its, to.number(GONE)), gone))
    return places, best


def _largest(to: Writer, x: Reference) -> Reference:
    """[batch, classes, 1] to [batch, 1, 1]."""
    made = to.made(to.add("Max", x, to.whole([1])))
    made.attr["Tidx"].type, made.attr["keep_dims"].b = DT_INT32, True
    return str(made.name)


def _numbered(to: Writer, size: Size) -> Reference:
    """0, 1, 2 and so on to below a size, as [1, size, 1]."""
    if isinstance(size, int):
        return to.constant(np.arange(size, dtype=np.int32)[None, :, None])
    return to.reshape(to.counted(size), [1, -1, 1], DT_INT32)


def _class_of(to: Writer, place: Reference, count: Size) -> Reference:
    return to.add("FloorDiv", place, scalar(to, count), kind=DT_INT32)


def _box_of(to: Writer, place: Reference, count: Size) -> Reference:
    return to.add("FloorMod", place, scalar(to, count), kind=DT_INT32)


def _combined_results(
    to: Writer,
    boxes: Rows,
    found: tuple[list[Reference], list[Reference]],
    sizes: tuple[Size, int, int, int],
) -> Reference:
    """Boxes, scores and classes, 0 behind the last, and how many there are."""
    count, owners, picks, wanted = sizes
    place, score = to.join(found[0], 1, DT_INT32), to.join(found[1], 1)
    there = to.compare("Greater", score, to.number(-GONE / 2))
    alive = as_number(to, there)
    kind = to.cast(_class_of(to, place, count), DT_INT32, DT_FLOAT)
    box = place if owners > 1 else _box_of(to, place, count)
    corners = boxes.at(to, box)
    if to.node.attr["clip_boxes"].b:
        corners = to.add("Maximum", to.add("Minimum", corners, to.number(1)), to.number(0))
    scores = to.add("Maximum", score, to.number(-GONE / 2))
    results = [
        to.add("Mul", corners, to.expand(alive, 2)),
        to.add("Mul", scores, alive),
        to.add("Mul", kind, alive),
    ]
    if wanted > picks:
        results = [
            zeros_behind(to, x, wanted - picks, 1, rank)
            for x, rank in zip(results, (3, 2, 2), strict=True)
        ]
    total = to.total(to.cast(there, DT_BOOL, DT_INT32), [1], DT_INT32)
    for port, made in enumerate([*results[1:], total], start=1):
        to.graph.redirect(f"{to.node.name}:{port}", made)
    return results[0]


SUPPRESSION: dict[str, Rule] = {"CombinedNonMaxSuppression": _combined}
"""Operator -> its rule."""
