"""ScatterND to every place in a box, as slices and a concat.

PyTorch exports `x[:, 3] = y` as a ScatterND whose indices name every row and column 3, one by
one. A copy of the data with that box replaced is what stands before the box, the updates, and
what stands after it, joined: no kernel that scatters is needed, and none that counts indices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import helper

Array = np.ndarray[Any, Any]
END = 2**31 - 1  # ONNX's slices stop at the end of the axis
Bounds = tuple[int, int]


@dataclass(frozen=True)
class Box:
    """A box of a tensor: [low, high) on the axes that it does not fill, and its shape by batch."""

    bounds: tuple[tuple[int, Bounds, bool], ...]  # (axis, (low, high), whether it ends the axis)
    shapes: tuple[tuple[int, ...], ...]


def box_of(indices: Sequence[Array], shapes: Sequence[tuple[int, ...]]) -> Box | None:
    """The box that ScatterND's indices [..., q] enumerate in row-major order, None for none.

    `indices` and the data's `shapes` are given for several batch sizes. An axis is either filled
    at each of them, or cut at the same places.
    """
    depth = indices[0].shape[-1]
    found = []
    for places, shape in zip(indices, shapes, strict=True):
        bounds = _bounds(places, shape)
        if bounds is None:
            return None
        found.append(bounds)
    kept = []
    for axis in range(depth):
        # (where it is cut, whether it is cut at its end), or None where it is filled
        cuts = {
            None if b[axis] == (0, s[axis]) else (*b[axis], b[axis][1] == s[axis])
            for b, s in zip(found, shapes, strict=True)
        }
        if len(cuts) > 1:
            return None
        (cut,) = cuts
        if cut is not None:
            low, high, ends = cut
            kept.append((axis, (low, high), ends))
    box = tuple(
        tuple(high - low for low, high in bounds) + shape[depth:]
        for bounds, shape in zip(found, shapes, strict=True)
    )
    return Box(tuple(kept), box)


def _bounds(indices: Array, shape: tuple[int, ...]) -> list[Bounds] | None:
    rows = indices.reshape(-1, indices.shape[-1])
    if not rows.size:
        return None
    rows = np.where(rows < 0, rows + np.array(shape[: rows.shape[1]]), rows)
    low, high = rows.min(0), rows.max(0) + 1
    if np.prod(high - low) != len(rows):
        return None
    grid = np.indices(tuple(high - low)).reshape(len(low), -1).T + low
    if not np.array_equal(grid, rows):
        return None
    return [(int(a), int(b)) for a, b in zip(low, high, strict=True)]


def slices_instead(
    data: str, updates: str, box: Box, output: str, constant: Callable[[Sequence[int]], str]
) -> list[onnx.NodeProto]:
    """Nodes that make `output` from `data` with `updates` (in the box's shape) in the box."""
    if not box.bounds:
        return [helper.make_node("Identity", [updates], [output])]
    (axis, (low, high), ends), *inner = box.bounds
    nodes: list[onnx.NodeProto] = []

    def cut(name: str, first: int, last: int) -> str:
        inputs = [data, constant([first]), constant([last]), constant([axis])]
        nodes.append(helper.make_node("Slice", inputs, [f"{output}_{name}"]))
        return f"{output}_{name}"

    before = [cut("before", 0, low)] if low else []
    middle = updates
    if inner:
        rest, middle = Box(tuple(inner), box.shapes), f"{output}_inside"
        nodes += slices_instead(cut("middle", low, high), updates, rest, middle, constant)
    after = [] if ends else [cut("after", high, END)]
    nodes.append(helper.make_node("Concat", [*before, middle, *after], [output], axis=axis))
    return nodes
