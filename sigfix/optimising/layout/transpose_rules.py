"""How operators are computed in front of a transpose instead of behind it, as a table.

A rule edits its node, which reads transposes, so that it reads their sources and computes the
same elements in the sources' layout. It returns the permutation that brings the result back, or
None (and then it has edited nothing) where the operator cannot do without its layout.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sigfix.optimising.graph.building import operand_dtype
from sigfix.optimising.graph.element_wise import is_unary
from sigfix.optimising.graph.graph import Graph, NodeDef
from sigfix.optimising.graph.operator_kinds import BROADCASTING, DT_BOOL, PADS, REDUCTIONS, UNARY
from sigfix.optimising.graph.permutations import Permutation, inverse, turned_constant
from sigfix.optimising.graph.shapes import Shapes
from sigfix.optimising.graph.transposes import look_through, reshaped_groups, transpose


@dataclass
class Walk:
    """What the rules need: the graph, shapes, and whether a rule may transpose another input."""

    graph: Graph
    shapes: Shapes
    eager: bool = False

    def source(self, reference: str) -> tuple[str, Permutation] | None:
        """(source, permutation) of a transposed input."""
        return look_through(self.graph, reference)

    def axes(self, reference: str, rank: int) -> list[int] | None:
        """Constant axes, counted from the front; None where they are not constant."""
        value = self.graph.constant(reference)
        return None if value is None else [int(a) % rank for a in np.ravel(value)]

    def constant(self, node: NodeDef, position: int, value: Any) -> None:
        """Replace an input by a constant of the dtype that it had."""
        old = self.graph.constant(node.input[position])
        kind = operand_dtype(node, position) if old is None else old.dtype
        name = self.graph.add_constant(f"{node.name}/turned", np.asarray(value, kind))
        self.graph.set_input(node, position, name)


Rule = Callable[[Walk, NodeDef], Permutation | None]


def _unary(walk: Walk, node: NodeDef) -> Permutation | None:
    found = walk.source(node.input[0])
    if found is None or not is_unary(walk.graph, node):
        return None
    walk.graph.set_input(node, 0, found[0])
    return found[1]


def aligned(
    walk: Walk, node: NodeDef, references: Sequence[str]
) -> tuple[list[str], Permutation] | None:
    """The inputs in the layout of those that are transposed, and their common permutation."""
    graph = walk.graph
    found = {r: walk.source(r) for r in references}
    permutations = {f[1] for f in found.values() if f is not None}
    if len(permutations) != 1:
        return None
    (permutation,) = permutations
    plans: list[Callable[[], str]] = []
    for reference in references:
        source = found[reference]
        shape = walk.shapes.get(reference)
        value = None if source is not None else graph.constant(reference)
        if source is not None:
            plans.append(lambda s=source[0]: s)  # type: ignore[misc]
        elif value is not None and value.ndim <= len(permutation):
            turned = turned_constant(value, permutation)
            plans.append(lambda v=turned: graph.add_constant(f"{node.name}/turned", v))  # type: ignore[misc]
        elif shape is not None and not shape:
            plans.append(lambda r=reference: r)  # type: ignore[misc]
        elif (
            shape is not None
            and len(shape) == len(permutation)
            and (walk.eager or moves_only_units(shape, inverse(permutation)))
        ):
            kind = DT_BOOL if node.op == "SelectV2" and reference == references[0] else 0
            kind = kind or int(node.attr["T"].type) or DT_BOOL  # LogicalAnd has no T
            plans.append(
                lambda r=reference, k=kind: transpose(  # type: ignore[misc]
                    graph, r, inverse(permutation), k, str(node.name)
                )
            )
        else:
            return None
    return [plan() for plan in plans], permutation


def moves_only_units(shape: Sequence[int | None], permutation: Sequence[int]) -> bool:
    """Whether a transpose only moves axes of size 1, and so is a reshape."""
    real = [axis for axis in permutation if shape[axis] != 1]
    return real == sorted(real)


def _broadcast(walk: Walk, node: NodeDef) -> Permutation | None:
    found = aligned(walk, node, list(node.input))
    if found is None:
        return None
    walk.graph.set_inputs(node, found[0])
    return found[1]


def _sum_of_equals(walk: Walk, node: NodeDef) -> Permutation | None:
    """AddN does not broadcast."""
    if any(walk.source(r) is None for r in node.input):
        return None
    return _broadcast(walk, node)


def _reduction(walk: Walk, node: NodeDef) -> Permutation | None:
    found = walk.source(node.input[0])
    if found is None:
        return None
    source, permutation = found
    axes = walk.axes(node.input[1], len(permutation))
    if axes is None:
        return None
    walk.constant(node, 1, sorted(permutation[a] for a in axes))
    walk.graph.set_input(node, 0, source)
    return permutation if node.attr["keep_dims"].b else _without(permutation, axes)


def _without(permutation: Permutation, axes: Sequence[int]) -> Permutation:
    """The permutation of what remains when `axes` of the transposed tensor are dropped."""
    left = [permutation[i] for i in range(len(permutation)) if i not in axes]
    order = sorted(left)
    return tuple(order.index(axis) for axis in left)


def _concatenation(walk: Walk, node: NodeDef) -> Permutation | None:
    *parts, axis_reference = node.input
    axis = walk.graph.constant(axis_reference)
    found = None if axis is None else aligned(walk, node, parts)
    if axis is None or found is None:
        return None
    sources, permutation = found
    for i, part in enumerate(parts):  # a constant is joined, not broadcast
        value = walk.graph.constant(part)
        if value is not None:
            if value.ndim != len(permutation):
                return None
            turned = np.ascontiguousarray(np.transpose(value, inverse(permutation)))
            sources[i] = walk.graph.add_constant(f"{node.name}/turned", turned)
    place = permutation[int(axis) % len(permutation)]
    walk.graph.set_inputs(node, [*sources, axis_reference])
    walk.constant(node, len(parts), place)
    return permutation


def _per_axis(*operands: int) -> Rule:
    """Operands with one entry (or row) for each axis of the input."""

    def rule(walk: Walk, node: NodeDef) -> Permutation | None:
        found = walk.source(node.input[0])
        values = [walk.graph.constant(node.input[i]) for i in operands]
        if found is None or any(v is None for v in values):
            return None
        source, permutation = found
        for i, value in zip(operands, values, strict=True):
            walk.constant(node, i, np.asarray(value)[list(inverse(permutation))])
        walk.graph.set_input(node, 0, source)
        return permutation

    return rule


def _split(data: int, axis: int) -> Rule:
    def rule(walk: Walk, node: NodeDef) -> Permutation | None:
        found = walk.source(node.input[data])
        axes = None if found is None else walk.axes(node.input[axis], len(found[1]))
        if found is None or axes is None:
            return None
        walk.constant(node, axis, found[1][axes[0]])
        walk.graph.set_input(node, data, found[0])
        return found[1]

    return rule


def _last_axis(walk: Walk, node: NodeDef) -> Permutation | None:
    found = walk.source(node.input[0])
    if found is None or found[1][-1] != len(found[1]) - 1:
        return None
    walk.graph.set_input(node, 0, found[0])
    return found[1]


def _index_of_largest(walk: Walk, node: NodeDef) -> Permutation | None:
    found = walk.source(node.input[0])
    axes = None if found is None else walk.axes(node.input[1], len(found[1]))
    if found is None or axes is None:
        return None
    walk.constant(node, 1, found[1][axes[0]])
    walk.graph.set_input(node, 0, found[0])
    return _without(found[1], axes)


def _squeeze(walk: Walk, node: NodeDef) -> Permutation | None:
    found = walk.source(node.input[0])
    dims = node.attr["squeeze_dims"].list.i
    if found is None or not dims:
        return None
    source, permutation = found
    axes = [int(a) % len(permutation) for a in dims]
    dims[:] = sorted(permutation[a] for a in axes)
    walk.graph.set_input(node, 0, source)
    return _without(permutation, axes)


def _strided_slice(walk: Walk, node: NodeDef) -> Permutation | None:
    found = walk.source(node.input[0])
    values = [walk.graph.constant(r) for r in node.input[1:4]]
    operands = [v for v in values if v is not None]
    if found is None or node.attr["ellipsis_mask"].i or node.attr["new_axis_mask"].i:
        return None
    if len(operands) < 3:
        return None
    source, permutation = found
    rank = len(permutation)
    missing = rank - np.size(operands[0])
    neutral = (0, 0, 1)
    back = inverse(permutation)
    for i, (operand, fill) in enumerate(zip(operands, neutral, strict=True)):
        full = np.concatenate([np.ravel(operand), np.full(missing, fill)])
        walk.constant(node, i + 1, full[list(back)])
    whole = [*range(rank - missing, rank)]
    shrunk = _axes_of(node.attr["shrink_axis_mask"].i, rank)
    for mask, more in (("begin_mask", whole), ("end_mask", whole), ("shrink_axis_mask", [])):
        axes = [*_axes_of(node.attr[mask].i, rank), *more]
        node.attr[mask].i = sum(1 << permutation[a] for a in set(axes))
    walk.graph.set_input(node, 0, source)
    return _without(permutation, shrunk)


def _axes_of(mask: int, rank: int) -> list[int]:
    return [axis for axis in range(rank) if mask >> axis & 1]


def _reshape(walk: Walk, node: NodeDef) -> Permutation | None:
    """Where each run of axes that is joined or split lies together in the source as well."""
    found = walk.source(node.input[0])
    before, after = walk.shapes.get(node.input[0]), walk.shapes.get(node.name)
    if found is None or before is None or after is None:
        return None
    source, permutation = found
    groups = reshaped_groups(before, after)
    if groups is None:
        return None
    in_source = sorted(p for a, p in enumerate(permutation) if before[a] != 1)
    places = []
    for axes, _ in groups:
        run = [in_source.index(permutation[a]) for a in axes if before[a] != 1]
        if run != list(range(run[0], run[0] + len(run))) if run else False:
            return None
        places.append(run[0] if run else -1)
    order = sorted(range(len(groups)), key=lambda g: places[g])
    axes_now = [axis for g in order for axis in groups[g][1]]
    sizes = [-1 if after[axis] is None else after[axis] for axis in axes_now]
    walk.constant(node, 1, sizes)
    walk.graph.set_input(node, 0, source)
    return tuple(axes_now.index(axis) for axis in range(len(after)))


RULES: dict[str, Rule] = {
    **dict.fromkeys(UNARY, _unary),
    **dict.fromkeys(BROADCASTING, _broadcast),
    **dict.fromkeys(REDUCTIONS, _reduction),
    **dict.fromkeys(PADS, _per_axis(1)),
    "AddN": _sum_of_equals,
    "ArgMax": _index_of_largest,
    "ArgMin": _index_of_largest,
    "ConcatV2": _concatenation,
    "LogSoftmax": _last_axis,
    "Reshape": _reshape,
    "Slice": _per_axis(1, 2),
    "Softmax": _last_axis,
    "Split": _split(1, 0),
    "SplitV": _split(0, 2),
    "Squeeze": _squeeze,
    "StridedSlice": _strided_slice,
    "Tile": _per_axis(1),
}
"""Operator -> rule."""
