"""What a StridedSlice takes of each axis of its input: its masks and operands, read once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sigfix.optimising.graph.graph import Graph, NodeDef


@dataclass(frozen=True)
class Cut:
    """What is taken of one axis of the input; `axis` is None for an axis that is new.

    `begin` and `end` are None where they are open, and count from behind below zero, as in Python.
    Where the axis is `dropped`, `begin` is the one place that is taken.
    """

    axis: int | None
    begin: int | None = None
    end: int | None = None
    step: int = 1
    dropped: bool = False

    def places(self) -> slice:
        """The places as a slice; of one place where the axis is dropped."""
        if self.dropped:
            first = self.begin or 0
            return slice(first, None if first == -1 else first + 1)
        return slice(self.begin, self.end, self.step)

    def takes_all(self, size: int | None) -> bool:
        """Whether an axis of `size` (None: unknown) stays, with every place where it was."""
        if self.axis is None or self.dropped or self.step != 1:
            return False
        if size is None:
            return self.begin in (None, 0) and self.end is None
        return self.places().indices(size) == (0, size, 1)


def cuts_of(graph: Graph, node: NodeDef, rank: int) -> list[Cut] | None:
    """The cuts of a StridedSlice of a tensor with `rank` axes, in the order of its result.

    New axes and dropped ones stand where they are new and were. None where an operand is not
    constant.
    """
    operands = [graph.constant(reference) for reference in node.input[1:4]]
    if any(operand is None for operand in operands):
        return None
    bounds = [tuple(int(v) for v in each) for each in zip(*operands, strict=True)]
    return list(_cuts(node, bounds, rank))


def _cuts(node: NodeDef, bounds: list[tuple[int, ...]], rank: int) -> Iterator[Cut]:
    def is_set(mask: str, place: int) -> bool:
        return bool(node.attr[mask].i >> place & 1)

    kinds = [
        "ellipsis" if is_set("ellipsis_mask", i) else "new" if is_set("new_axis_mask", i) else "cut"
        for i in range(len(bounds))
    ]
    left, axis = rank - kinds.count("cut"), 0
    for i, ((begin, end, step), kind) in enumerate(zip(bounds, kinds, strict=True)):
        if kind == "new":
            yield Cut(None)
        elif kind == "ellipsis":
            for whole in range(axis, axis + left):
                yield Cut(whole)
            axis += left
        elif is_set("shrink_axis_mask", i):
            yield Cut(axis, begin, dropped=True)
            axis += 1
        else:
            first = None if is_set("begin_mask", i) else begin
            last = None if is_set("end_mask", i) else end
            yield Cut(axis, first, last, step)
            axis += 1
    for whole in range(axis, rank):
        yield Cut(whole)
