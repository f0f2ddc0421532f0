"""Einsum -> transposes, reshapes and one matrix product.

TF.js's wasm backend has no Einsum, and its others compute it with these operators as well, only
that they choose them anew at each call. Of two operands each label is one of four kinds: in both
and in the result (batch), in both and not in the result (contracted), or in one and in the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sigfix.optimising.expressing.writing import Reference, Writer, apply_rules
from sigfix.optimising.graph.graph import Graph
from sigfix.optimising.graph.operator_kinds import DT_INT32

Sizes = dict[str, tuple[Reference, int, int | None]]
"""Label -> a tensor that has it, its axis there, and the size where that is known."""


@dataclass(frozen=True)
class Operand:
    """A tensor, and the labels of its axes."""

    reference: Reference
    labels: str


def express_einsums(graph: Graph) -> int:
    """Rewrite each Einsum of one or two operands without repeated labels; returns how many."""
    return apply_rules(graph, {"Einsum": _rewritten})


def _rewritten(to: Writer) -> Reference | None:
    parsed = _parsed(to)
    if parsed is None:
        return None
    operands, wanted = parsed
    sizes = _sizes(to, operands)
    operands = [_without_lost(to, each, operands, wanted) for each in operands]
    if len(operands) == 1:
        return _permuted(to, operands[0], wanted)
    return _product(to, operands[0], operands[1], wanted, sizes)


def _parsed(to: Writer) -> tuple[list[Operand], str] | None:
    """The operands and the labels of the result, an ellipsis written out as labels."""
    equation = to.node.attr["equation"].s.decode("ascii").replace(" ", "")
    if "->" not in equation or len(to.node.input) > 2:
        return None
    left, wanted = equation.split("->")
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c not in equation]
    ellipsis: str | None = None
    operands = []
    for place, labels in enumerate(left.split(",")):
        shape = to.shape(to.operand(place))
        if shape is None:
            return None
        if "..." in labels:
            own = "".join(free[: len(shape) - len(labels) + 3])
            if ellipsis not in (None, own):
                return None
            ellipsis = own
            labels = labels.replace("...", own)
        operands.append(Operand(to.operand(place), labels))
    wanted = wanted.replace("...", ellipsis or "")
    texts = [*(each.labels for each in operands), wanted]
    known = set("".join(texts[:-1]))
    if any(len(set(text)) < len(text) for text in texts) or set(wanted) - known:
        return None
    return None if _broadcasts(to, operands) else (operands, wanted)


def _broadcasts(to: Writer, operands: Sequence[Operand]) -> bool:
    """Whether a label has two sizes, of which one is 1."""
    seen: dict[str, int] = {}
    for each in operands:
        for label, size in zip(each.labels, to.shape(each.reference) or (), strict=True):
            if size is not None and seen.setdefault(label, size) != size:
                return True
    return False


def _sizes(to: Writer, operands: Sequence[Operand]) -> Sizes:
    found: Sizes = {}
    for each in operands:
        for axis, size in enumerate(to.shape(each.reference) or ()):
            label = each.labels[axis]
            if label not in found or found[label][2] is None:
                found[label] = (each.reference, axis, size)
    return found


def _without_lost(
    to: Writer, operand: Operand, operands: Sequence[Operand], wanted: str
) -> Operand:
    """The operand summed over what neither the result nor another operand has."""
    others = {label for each in operands if each is not operand for label in each.labels}
    lost = [i for i, label in enumerate(operand.labels) if label not in others | set(wanted)]
    if not lost:
        return operand
    kept = "".join(c for i, c in enumerate(operand.labels) if i not in lost)
    return Operand(to.total(operand.reference, lost), kept)


def _permuted(to: Writer, operand: Operand, wanted: str) -> Reference:
    """The operand with its axes in the order wanted; a constant is turned at once."""
    order = [operand.labels.index(label) for label in wanted]
    value = to.graph.constant(operand.reference)
    if order == list(range(len(order))):
        return operand.reference
    if value is not None:
        return to.constant(np.ascontiguousarray(value.transpose(order)))
    return to.transpose(operand.reference, order)


def _product(
    to: Writer,
    a: Operand,
    b: Operand,
    wanted: str,
    sizes: Sizes,
) -> Reference:
    batch = "".join(c for c in wanted if c in a.labels and c in b.labels)
    contracted = "".join(c for c in a.labels if c in b.labels and c not in wanted)
    rows = "".join(c for c in wanted if c in a.labels and c not in b.labels)
    columns = "".join(c for c in wanted if c in b.labels and c not in a.labels)
    if rows and columns and wanted.index(columns[0]) < wanted.index(rows[0]):
        a, b, rows, columns = b, a, columns, rows
    left = _grouped(to, a, [*batch, rows, contracted], sizes)
    right = _grouped(to, b, [*batch, contracted, columns], sizes)
    made = to.add("BatchMatMulV2" if batch else "MatMul", left, right)
    found = batch + rows + columns
    result = made
    if len(rows) != 1 or len(columns) != 1:
        result = _reshaped(to, made, list(found), sizes)
    return _permuted(to, Operand(result, found), wanted)


def _grouped(
    to: Writer,
    operand: Operand,
    groups: Sequence[str],
    sizes: Sizes,
) -> Reference:
    """The operand with its axes in this order, those of a group as one (of none: an axis of 1)."""
    ordered = Operand(_permuted(to, operand, "".join(groups)), "".join(groups))
    if all(len(group) == 1 for group in groups):
        return ordered.reference
    value = to.graph.constant(ordered.reference)
    if value is not None:
        known = iter(value.shape)
        shape = [int(np.prod([next(known) for _ in group], dtype=int)) for group in groups]
        return to.constant(value.reshape(shape))
    return _reshaped(to, ordered.reference, groups, sizes)


def _reshaped(
    to: Writer,
    reference: Reference,
    groups: Sequence[str],
    sizes: Sizes,
) -> Reference:
    """A reshape in which each group is an axis; the first of open size is left to be worked out."""
    shape: list[int | None] = []
    for group in groups:
        known = [sizes[label][2] for label in group]
        shape.append(None if None in known else int(np.prod([n or 0 for n in known], dtype=int)))
    if shape.count(None) <= 1:
        return to.reshape(reference, [-1 if n is None else n for n in shape])
    first = shape.index(None)
    parts = [
        to.whole(-1 if i == first else n) if n is not None or i == first
        else _size_of(to, group, sizes)
        for i, (n, group) in enumerate(zip(shape, groups, strict=True))
    ]  # fmt: skip
    return to.reshape(reference, to.pack(parts))


def _size_of(to: Writer, group: str, sizes: Sizes) -> Reference:
    """The product of the sizes of a group, computed where the graph runs."""
    result = ""
    for label in group:
        reference, axis, _ = sizes[label]
        size = to.size_of(reference, axis)
        result = size if not result else to.add("Mul", result, size, kind=DT_INT32)
    return result
