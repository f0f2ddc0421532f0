"""Where the batch is in a tensor, told by its shapes for two batches, and what a reshape wants."""

from __future__ import annotations

from math import prod
from typing import Any

BATCH = 7
"""The other batch, beside 1: no usual size of anything, so that what differs is the batch."""


class Refused(Exception):
    """An operator has the batch of 1 built in: which, and how."""

    def __init__(self, node: Any, why: str) -> None:
        super().__init__(f"{node.name} ({node.op}): {why.rstrip('.')}")


def batch_axis(one: Any, other: Any, name: str) -> int | None:
    """The dimension that grows with the batch; None where none does.

    `one` and `other` are a tensor's shapes for both batches (`tf.TensorShape`). Raises `Refused`
    where several grow, or where TensorFlow knows the shape for one of the batches alone.
    """
    if one.rank is None and other.rank is None:
        return None
    if one.rank != other.rank:
        raise Refused(_Tensor(name), "its rank depends on the batch")
    found = [
        axis
        for axis, (first, second) in enumerate(zip(one.as_list(), other.as_list(), strict=True))
        if first != second
    ]
    if not found:
        return None
    sizes = (one.as_list()[found[0]], other.as_list()[found[0]])
    if len(found) > 1 or None in sizes or sizes[1] != BATCH * sizes[0]:
        shapes = f"{one} for a batch of 1, {other} for one of {BATCH}"
        raise Refused(_Tensor(name), f"its shape is {shapes}")
    return found[0]


class _Tensor:
    def __init__(self, name: str) -> None:
        self.name, self.op = name.partition(":")[0], "its output"


def reshaped(node: Any, wanted: Any, one: Any, other: Any) -> list[int] | None:
    """The constant shape that a reshape needs for any batch, None where it has it already.

    A reshape keeps the order of the elements, so the batch can be found in the result where as many
    elements lie before it as before. Raises `Refused` where there is no such dimension.
    """
    axis = batch_axis(one, other, node.name)
    if axis is None:
        return None
    sizes = one.as_list()
    if None in sizes:
        raise Refused(node, f"what it reshapes is {one}, which tells not where the batch goes")
    target = [int(size) for size in wanted]
    if -1 in target:
        rest = prod(size for size in target if size != -1)
        target[target.index(-1)] = prod(sizes) // max(1, rest)
    before = prod(sizes[:axis])
    place = next((j for j in range(len(target)) if prod(target[:j]) == before), None)
    if place is None:
        raise Refused(node, f"its shape {list(map(int, wanted))} mixes the batch with the rest")
    if int(wanted[place]) == -1:
        return None
    target[place] = -1
    return target


def statistics_of_batch(node: Any) -> bool:
    """Whether a node normalises by what it computes of the whole batch."""
    return node.op.startswith("FusedBatchNorm") and (
        "is_training" not in node.attr or node.attr["is_training"].b
    )
