"""Rules for the suppression of one image's boxes: where TensorFlow.js has it, and is wrong."""

from __future__ import annotations

import numpy as np

from sigfix.describing.suppression import MOST_PICKS
from sigfix.optimising.expressing.overlaps import (
    GONE,
    as_number,
    best_of,
    corners_of,
    lost_below,
    overlap_with,
    zeros_behind,
)
from sigfix.optimising.expressing.writing import Reference, Rule, Writer
from sigfix.optimising.graph.operator_kinds import DT_BOOL, DT_FLOAT, DT_INT32


def _soft(to: Writer) -> Reference | None:
    """Scores of what overlaps a pick become less; TF.js (4.22) leaves out what overlaps by more
    than the limit as well, which TensorFlow does not; it neither pads nor counts them."""
    sigma, most, shape = to.value(5), to.value(2), to.shape(to.operand(0))
    padded = to.node.attr["pad_to_max_output_size"].b
    if sigma is None or to.data_type != DT_FLOAT:
        return None
    counted = any(f"{to.node.name}:2" in node.input for node in to.graph.readers(to.node.name))
    if float(sigma) <= 0 and not padded and not counted:
        return _hard(to)
    count = None if shape is None else shape[0]
    if most is None or count is None or not 0 < min(int(most.item()), count) <= MOST_PICKS:
        return None
    factor = -0.5 / float(sigma) if float(sigma) > 0 else 0.0
    picks = min(int(most.item()), count)
    boxes, left = corners_of(to, to.expand(to.operand(0), 0), ""), to.expand(to.operand(1), 0)
    lost = lost_below(to, left, to.operand(4))
    every = to.constant(np.arange(count, dtype=np.int32)[None])
    places, best = [], []
    for _ in range(picks):
        place, score = best_of(to, to.add("AddV2", left, lost))
        places.append(place)
        best.append(score)
        overlap = to.reshape(overlap_with(to, boxes, place, 1e-37), [1, count])
        gone = to.compare("Equal", every, place, DT_INT32)
        if factor:
            weight = to.add("Exp", to.add("Mul", to.add("Square", overlap), to.number(factor)))
            left = to.add("Mul", left, weight)
        else:
            near = to.compare("Greater", overlap, to.operand(3))
            gone = to.add("LogicalOr", near, gone, kind=DT_BOOL)
        lost = to.add("Sub", lost, to.add("Mul", as_number(to, gone), to.number(GONE)))
    return _soft_results(to, places, best, int(most.item()) - picks if padded else None)


def _soft_results(
    to: Writer, places: list[Reference], best: list[Reference], more: int | None
) -> Reference:
    """Boxes, their scores and how many they are; `more` zeros behind them, None for no zeros."""
    place = to.reshape(to.join(places, 1, DT_INT32), [-1], DT_INT32)
    score = to.reshape(to.join(best, 1), [-1])
    there = to.cast(to.compare("Greater", score, to.operand(4)), DT_BOOL, DT_INT32)
    count = to.total(there, [0], DT_INT32)
    if more is None:
        place, score = to.cut(place, 0, None, count), to.cut(score, 0, None, count)
    else:
        place = to.add("Mul", place, there, kind=DT_INT32)
        score = to.add("Maximum", score, to.number(-GONE / 2))
        score = to.add("Mul", score, to.cast(there, DT_INT32, DT_FLOAT))
        if more:
            place, score = zeros_behind(to, place, more, 0), zeros_behind(to, score, more, 0)
    to.made(place).attr["T"].type = DT_INT32
    to.graph.redirect(f"{to.node.name}:1", score)
    to.graph.redirect(f"{to.node.name}:2", count)
    return place


def _hard(to: Writer) -> Reference | None:
    """TF.js (4.22) leaves out what overlaps by the limit, TensorFlow what does by more than that:
    the next number above it."""
    limit = to.value(3)
    if limit is None or not 0 <= float(limit) < 1 or to.data_type != DT_FLOAT:
        return None
    raised = np.nextafter(np.float32(limit), np.float32(2), dtype=np.float32)
    inputs = [str(reference) for reference in to.node.input]
    inputs[3] = to.constant(np.asarray(max(raised, np.float32(1e-30))))
    made = to.made(to.add(str(to.node.op), *inputs))
    made.attr.MergeFrom(to.node.attr)
    for port in (1, 2):
        to.graph.redirect(f"{to.node.name}:{port}", f"{made.name}:{port}")
    return str(made.name)


SOFT_SUPPRESSION: dict[str, Rule] = {
    "NonMaxSuppressionV2": _hard,
    "NonMaxSuppressionV3": _hard,
    "NonMaxSuppressionV4": _hard,
    "NonMaxSuppressionV5": _soft,
}
"""Operator -> its rule."""
