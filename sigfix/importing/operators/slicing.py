"""Slice, and what a slice of joined tensors comes from."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.operators.registry import Node, onnx_operator
from sigfix.importing.static_values import as_array, elements_of
from sigfix.optimising.graph.permutations import inverse


@onnx_operator("Slice", 1)
def cut_by_attributes(node: Node, x: Any) -> Any:
    """x[start:end] along the named axes; all of it stands in attributes."""
    starts, ends = (np.array(node.attributes[name], np.int64) for name in ("starts", "ends"))
    axes = node.attributes.get("axes")
    return cut(node, x, starts, ends, None if axes is None else np.array(axes, np.int64))


@onnx_operator("Slice", 10, 11, 13)
def cut(node: Node, x: Any, starts: Any, ends: Any, axes: Any = None, steps: Any = None) -> Any:
    """x[start:end:step] along the named axes; axes and steps must be constants."""
    begin, end = elements_of(starts), elements_of(ends)
    if begin is None or end is None:
        raise node.refuse_dynamic("along how many axes it cuts is dynamic")
    along = np.arange(len(begin)) if axes is None else node.fixed(axes, 3).reshape(-1)
    step = np.ones(len(begin), int) if steps is None else node.fixed(steps, 4).reshape(-1)
    where = [slice(None)] * x.shape.rank
    for axis, first, last, stride in zip(along, begin, end, step, strict=True):
        where[int(axis)] = _python_slice(first, last, int(stride), x.shape[int(axis)])
    source = layout.look_through(x)
    if source is None:
        return _from_pieces(x, where)
    tensor, permutation = source
    return layout.transpose(tensor[tuple(where[i] for i in inverse(permutation))], permutation)


def _takes_all(cut: slice) -> bool:
    return cut.start is None and cut.stop is None and cut.step is None


def _from_pieces(x: Any, where: list[slice]) -> Any:
    """x[where], taken from the tensors that were joined to x where it cuts between them.

    A decoder that writes its tokens into a buffer one by one, and reads all up to the last, needs
    no buffer then.
    """
    cut_axes = [a for a, s in enumerate(where) if not _takes_all(s)]
    operation = None if as_array(x) is not None else x.op
    if operation is None or operation.type != "ConcatV2" or len(cut_axes) != 1:
        return x[tuple(where)]
    (axis,) = cut_axes
    cut = where[axis]
    if any(hasattr(edge, "op") for edge in (cut.start, cut.stop)):
        return x[tuple(where)]
    joined_axis = as_array(operation.inputs[-1])
    pieces = list(operation.inputs)[:-1]
    sizes = [p.shape[axis] for p in pieces]
    if joined_axis is None or joined_axis % x.shape.rank != axis or None in sizes:
        return x[tuple(where)]
    if cut.step != 1 or cut.stop is None or not 0 <= cut.start < cut.stop:
        return x[tuple(where)]
    made = x.__dict__.setdefault("_sigfix_slices", {})  # a decoder takes the same slice often
    key = (axis, cut.start, cut.stop)
    if key in made:
        return made[key]
    kept, end = [], 0
    for piece, size in zip(pieces, sizes, strict=True):
        begin, end = end, end + size
        first, last = max(cut.start, begin) - begin, min(cut.stop, end) - begin
        if first >= last:
            continue
        inner = [slice(None)] * len(where)
        if (first, last) != (0, size):
            inner[axis] = slice(first, last, 1)
            piece = _from_pieces(piece, inner)
        kept.append(piece)
    made[key] = kept[0] if len(kept) == 1 else tf.concat(kept, axis)
    return made[key]


def _python_slice(first: Any, last: Any, stride: int, size: int | None) -> slice:
    """A slice as Python has it: ONNX cuts bounds that are out of range, each to its nearest.

    Along a dynamic axis only an open end is known, which ONNX marks with a number far away. A
    bound may be an int32 scalar of the graph; of those TensorFlow does the cutting.
    """
    known = isinstance(first, int) and isinstance(last, int)
    if size is not None and known:
        first, last = (b + size if b < 0 else b for b in (first, last))
        if stride > 0:
            return slice(min(max(first, 0), size), min(max(last, 0), size), stride)
        last = min(max(last, -1), size - 1)
        return slice(min(max(first, 0), size - 1), None if last < 0 else last, stride)
    far = 2**31 - 1
    open_end = isinstance(last, int) and (last >= far if stride > 0 else last <= -far)
    open_start = isinstance(first, int) and (first <= -far if stride > 0 else first >= far)
    return slice(None if open_start else first, None if open_end else last, stride)
