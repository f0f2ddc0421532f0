"""What small integer tensors hold, element by element, where their shapes are static.

Shape arithmetic mostly mixes static sizes with a dynamic batch: an element that depends on the
batch is a `Dimension` (or None where even that is unknown), its neighbours are numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from tensorflow.python.framework import dtypes

from sigfix.optimising.graph.dimensions import Dimension, Size
from sigfix.optimising.graph.graph import Array, Graph, NodeDef, node_of

LARGEST = 1024
"""Elements of a tensor that is followed."""


class Values:
    """Elements by reference to a first output: object arrays of numbers, Dimensions and None."""

    def __init__(self, graph: Graph, symbolic: dict[str, list[Size]]):
        self.graph = graph
        self.symbolic = symbolic
        self.known: dict[str, Array] = {}
        for node in graph.ordered():
            value = self._evaluate(node)
            if value is not None and value.size <= LARGEST:
                self.known[node.name] = value

    def of(self, reference: str) -> Array | None:
        """What `reference` holds, or None where that is not followed."""
        if reference.startswith("^") or (":" in reference and not reference.endswith(":0")):
            return None
        return self.known.get(node_of(reference))

    def _evaluate(self, node: NodeDef) -> Array | None:
        if node.op == "Const":
            tensor = node.attr["value"].tensor
            if tensor.ByteSize() > 8 * LARGEST or tensor.dtype == dtypes.string.as_datatype_enum:
                return None
            value = self.graph.constant(node.name)
            return None if value is None else value.astype(object)
        if node.op == "Shape":
            sizes = self.symbolic.get(node.input[0])
            return None if sizes is None else _elements(sizes, (len(sizes),))
        rule = RULES.get(node.op)
        inputs = [self.of(r) for r in node.input if not r.startswith("^")]
        if rule is None or any(value is None for value in inputs):
            return None
        try:
            return np.asarray(rule(node, *inputs), dtype=object)
        except (ArithmeticError, IndexError, TypeError, ValueError):
            return None  # TensorFlow would refuse it too, or an element is of no use here


def _elements(items: list[Any], shape: tuple[int, ...]) -> Array:
    result = np.empty(shape, dtype=object)
    result.reshape(-1)[:] = items
    return result


def as_constant(value: Array, data_type: int) -> Array | None:
    """A fully known value as a NumPy array of TensorFlow's `data_type`, else None."""
    if any(item is None or isinstance(item, Dimension) for item in value.reshape(-1)):
        return None
    return np.asarray(value.tolist(), dtype=dtypes.as_dtype(data_type).as_numpy_dtype)


def result_type(node: NodeDef) -> int:
    """The data type of the first output of a node in `RULES` or of a Shape."""
    for name in ("out_type", "DstT", "Tout"):
        if name in node.attr and node.attr[name].type:
            return int(node.attr[name].type)
    if node.op == "Range":
        return int(node.attr["Tidx"].type)
    if node.op == "GatherV2":
        return int(node.attr["Tparams"].type)
    return int(node.attr["T"].type)


def _unknown(item: Any) -> bool:
    return item is None or isinstance(item, Dimension)


def _arithmetic(
    function: Callable[[Any, Any], Any], neutral: int | None = None, commutes: bool = False
) -> Callable[..., Any]:
    """`function`, except that `neutral` as the second operand leaves the first as it is."""

    def rule(node: NodeDef, left: Array, right: Array) -> Any:
        number = dtypes.as_dtype(node.attr["T"].type).as_numpy_dtype

        def one(a: Any, b: Any) -> Any:
            if not _unknown(a) and not _unknown(b):
                with np.errstate(all="ignore"):
                    return number(function(number(a), number(b))).item()
            if neutral is not None and not _unknown(b) and b == neutral:
                return a
            return b if commutes and not _unknown(a) and a == neutral else None

        return np.frompyfunc(one, 2, 1)(left, right)

    return rule


def _cast(node: NodeDef, value: Array) -> Any:
    number = dtypes.as_dtype(node.attr["DstT"].type).as_numpy_dtype
    return np.frompyfunc(lambda v: v if _unknown(v) else number(v).item(), 1, 1)(value)


def _product(node: NodeDef, value: Array, axes: Array) -> Any:
    items = [v for v in value.reshape(-1) if v != 1]
    if node.attr["keep_dims"].b or value.ndim != 1 or axes.size != 1:
        raise ValueError
    if any(_unknown(v) for v in items):
        return _elements([items[0] if len(items) == 1 else None], ())
    return np.array(int(np.prod(items)), dtype=object)


def _slice(node: NodeDef, value: Array, begin: Array, size: Array) -> Any:
    places = [slice(b, None if s == -1 else b + s) for b, s in zip(begin, size, strict=True)]
    return value[tuple(places)]


def _strided_slice(node: NodeDef, value: Array, begin: Array, end: Array, step: Array) -> Any:
    if value.ndim != 1 or begin.size != 1 or node.attr["new_axis_mask"].i:
        raise ValueError
    if node.attr["ellipsis_mask"].i:
        raise ValueError
    if node.attr["shrink_axis_mask"].i:
        return _elements([value[begin[0]]], ())
    first = None if node.attr["begin_mask"].i else begin[0]
    last = None if node.attr["end_mask"].i else end[0]
    return value[first : last : step[0]]


def _squeeze(node: NodeDef, value: Array) -> Any:
    axes = tuple(int(i) for i in node.attr["squeeze_dims"].list.i)
    return np.squeeze(value, axes or None)


def _gather(node: NodeDef, value: Array, indices: Array, axis: Array) -> Any:
    if node.attr["batch_dims"].i:
        raise ValueError
    return np.take(value, indices.astype(np.int64), axis=int(axis.item()))


def _fill(node: NodeDef, sizes: Array, value: Array) -> Any:
    if np.prod(sizes) > LARGEST:
        raise ValueError
    return np.full(tuple(sizes), value.item(), dtype=object)


RULES: dict[str, Callable[..., Any]] = {
    "Add": _arithmetic(lambda a, b: a + b, 0, commutes=True),
    "AddV2": _arithmetic(lambda a, b: a + b, 0, commutes=True),
    "Sub": _arithmetic(lambda a, b: a - b, 0),
    "Mul": _arithmetic(lambda a, b: a * b, 1, commutes=True),
    "FloorDiv": _arithmetic(lambda a, b: a // b, 1),
    "RealDiv": _arithmetic(lambda a, b: a / b, 1),
    "FloorMod": _arithmetic(lambda a, b: a % b),
    "Maximum": _arithmetic(max),
    "Minimum": _arithmetic(min),
    "Cast": _cast,
    "ConcatV2": lambda node, *parts: np.concatenate(parts[:-1], axis=int(parts[-1].item())),
    "ExpandDims": lambda node, value, axis: np.expand_dims(value, int(axis.item())),
    "Fill": _fill,
    "GatherV2": _gather,
    "Identity": lambda node, value: value,
    "Neg": lambda node, value: np.frompyfunc(lambda v: None if _unknown(v) else -v, 1, 1)(value),
    "Pack": lambda node, *parts: np.stack(parts, axis=int(node.attr["axis"].i)),
    "Prod": _product,
    "Range": lambda node, first, limit, step: np.arange(first.item(), limit.item(), step.item()),
    "Reshape": lambda node, value, shape: value.reshape(tuple(shape)),
    "Slice": _slice,
    "Squeeze": _squeeze,
    "StridedSlice": _strided_slice,
}
"""Operators that are followed: what each computes from its inputs' elements."""
