"""Where along the network two models begin to differ: tensors inside both, under one name.

A name says what a tensor is only where both models have it once. Even then a converter may have
folded one layer into another, and kept its name: such a tensor holds other numbers while what is
computed of it agrees, and is told apart by that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sigfix.describing.scopes import (
    MOST_STAGES,
    UNTOLD,
    last_of_parts,
    plain_name,
    scope_name,
)
from sigfix.verifying.arrays import Arrays
from sigfix.verifying.comparison import OutputParity, compare
from sigfix.verifying.inputs.cases import Case, Given
from sigfix.verifying.runnable import CaseRun, Runnable
from sigfix.verifying.running import run

NO_NAMES = "no tensor inside has a name that both models have"
_AT_ONCE = 10
"""Tensors that are read in one run: those of a large picture take hundreds of megabytes each."""
_FRAMES = {"Switch", "Merge", "Enter", "Exit", "LoopCond", "NextIteration", "If", "While", "Loop"}
"""Nothing behind these is read: it may not be computed, or many times."""
_VANISHED = 100.0
_OTHER = 1e-3
"""A difference above this, a hundredth in what is computed of it, was none: they do not vanish."""


_NOISE, _LEAST_NOISE = 10.0, 1e-6
"""What is computed of a folded tensor may differ by so many times as much as other tensors do."""
_NEAREST = 4
"""Stages behind a tensor that tell whether it was folded."""
_LEAST_RANK = 3
"""Of a tensor that has channels beside a batch and places."""


@dataclass(frozen=True)
class InnerNode:
    """One tensor: its name, the operator that computes it, and the names of what that reads."""

    name: str
    operator: str
    reads: tuple[str, ...]


@dataclass(frozen=True)
class Inside:
    """A model whose inner tensors can be read: `reading(names)` gives them, fed as it is.

    `fed` are the names that the inputs have in it, `scope` what stands in front of all others. An
    `onnx` model's tensors are called as the scopes of the nodes that sigfix makes of them.
    """

    nodes: tuple[InnerNode, ...]
    fed: frozenset[str]
    reading: Callable[[Sequence[str]], Runnable]
    scope: str = ""
    onnx: bool = False

    def plain(self, node: InnerNode) -> str:
        """The node's name as another model can have it."""
        name = node.name.removeprefix(self.scope)
        return plain_name(scope_name(name) if self.onnx else name)


@dataclass(frozen=True)
class Stage:
    """The last tensor of a part of the network that both models have.

    `tensor` is its name in the first model. `folded` says that the second keeps the name for
    something else, see above.
    """

    name: str
    tensor: str
    difference: OutputParity
    folded: bool = False


@dataclass(frozen=True)
class Stages:
    """Stages in the order of computation, or `why` there are none.

    `named` of the `tensors` that the first model computes have a name that the second has too.
    """

    rows: tuple[Stage, ...] = ()
    tensors: int = 0
    named: int = 0
    why: str = ""

    @property
    def grows_at(self) -> int | None:
        """Which one is the first beyond what is allowed; None where none is."""
        wrong = (at for at, r in enumerate(self.rows) if not r.difference.ok and not r.folded)
        return next(wrong, None)


def in_order(inside: Inside) -> list[InnerNode]:
    """What is computed of the inputs, each after what it reads; nothing behind loops."""
    by_name = {node.name: node for node in inside.nodes}
    computed: dict[str, bool] = dict.fromkeys(inside.fed, True)
    found: list[InnerNode] = []
    for start in inside.nodes:
        waiting = [start.name]
        on_the_way: set[str] = set()
        while waiting:
            name = waiting[-1]
            node = by_name.get(name)
            if name in computed or node is None:
                computed.setdefault(name, False)
                waiting.pop()
                continue
            reads = [_tensor(each, by_name) for each in node.reads]
            open_ones = [read for read in reads if read not in computed]
            if open_ones and name not in on_the_way:
                on_the_way.add(name)
                waiting += open_ones
                continue
            waiting.pop()
            closed = not open_ones and node.operator not in _FRAMES
            computed[name] = closed and any(computed[read] for read in reads)
            if computed[name]:
                found.append(node)
    return found


def _tensor(read: str, known: Mapping[str, InnerNode]) -> str:
    """Whose result is read: `node:1` and `^node` are, where no tensor is called so."""
    return read if read in known else read.removeprefix("^").partition(":")[0]


def shared_stages(left: Inside, right: Inside) -> tuple[list[tuple[str, str, str]], int, int]:
    """Stages as (name, the left tensor, the right one); how many tensors there are, and shared."""
    one, other = (
        [node for node in in_order(side) if node.operator not in UNTOLD] for side in (left, right)
    )
    here = _by_name(left, one, right.onnx and not left.onnx)
    there = _by_name(right, other, left.onnx and not right.onnx)
    called = {tensor: name for name, tensor in here.items() if name in there}
    both = [(called[node.name], node) for node in one if node.name in called]
    last = last_of_parts([(name, node.operator) for name, node in both], MOST_STAGES)
    stages = [(name, both[at][1].name, there[both[at][0]]) for at, name in last]
    return stages, len(one), len(both)


def _by_name(side: Inside, nodes: Sequence[InnerNode], scopes: bool) -> dict[str, str]:
    """Tensors by the names that another model can have for them; with `scopes` for ONNX tensors."""
    found: dict[str, list[str]] = {}
    for node in nodes:
        name = side.plain(node)
        found.setdefault(name.rpartition("/")[0] if scopes else name, []).append(node.name)
    return {name: all_[-1] for name, all_ in found.items() if name and (scopes or not all_[1:])}


def compare_stages(
    left: Inside,
    right: Inside,
    case: Case | Given,
    limit: float,
    seconds: float,
    cast: Callable[[Arrays], Arrays] = dict,
) -> Stages:
    """Run one set of inputs through both, and compare what they have inside.

    Raises `NotVerifiedError` where a model cannot be run so.
    """
    stages, tensors, named = shared_stages(left, right)
    if not stages:
        return Stages(tensors=tensors, why=NO_NAMES)
    rows: list[Stage] = []
    for at in range(0, len(stages), _AT_ONCE):
        some = stages[at : at + _AT_ONCE]
        first = run(left.reading([name for _, name, _ in some]), [case], seconds=seconds).cases[0]
        case = Given(first.inputs)
        then = run(right.reading([name for _, _, name in some]), [case], seconds=seconds).cases[0]
        rows += _compared(some, cast(_arrays(first)), cast(_arrays(then)), limit)
    if not rows:
        return Stages((), tensors, named, "what both models name alike has other shapes in each")
    return Stages(tuple(told_apart(rows, left)), tensors, named)


def _arrays(found: CaseRun) -> Arrays:
    return {name: np.asarray(value) for name, value in found.outputs[0][0].items()}


def _compared(
    stages: Sequence[tuple[str, str, str]], one: Arrays, other: Arrays, limit: float
) -> Iterator[Stage]:
    for name, left, right in stages:
        expected, found = one[left], other[right]
        if not expected.dtype.kind == found.dtype.kind == "f":
            continue
        rows = [
            compare({name: expected}, {name: turned.astype(expected.dtype)}, limit).outputs[0]
            for turned in _layouts(found)
            if turned.shape == expected.shape
        ]
        if rows and not rows[0].nothing:
            yield Stage(name, left, min(rows, key=lambda row: row.relative or 0.0))


def _layouts(value: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    """A tensor as it is, and with its channels first and last: a converter may turn them."""
    if value.ndim < _LEAST_RANK:
        return [value]
    return [value, np.moveaxis(value, -1, 1), np.moveaxis(value, 1, -1)]


def told_apart(rows: Sequence[Stage], inside: Inside) -> Iterator[Stage]:
    """The stages, with those marked that are folded, by what the first model computes of them.

    What is computed of a folded one next agrees as well as what has nothing to do with it. A fault
    that the network weakens on its way differs by far less at its end.
    """
    known = {node.name: node for node in inside.nodes}
    above: dict[str, set[str]] = {}
    """Tensor -> the stages that it is computed of."""
    wanted = {row.tensor for row in rows}
    for node in in_order(inside):
        read = [_tensor(each, known) for each in node.reads]
        above[node.name] = {name for each in read for name in above.get(each, ())}
        above[node.name] |= wanted & {*read}
    for row in rows:
        value = row.difference.relative or 0.0
        others = [r for r in rows if r is not row]
        below = [r.difference.relative or 0.0 for r in others if row.tensor in above[r.tensor]]
        beside = [
            r.difference.relative or 0.0
            for r in others
            if r.difference.ok and row.tensor not in above[r.tensor]
        ]
        noise = max(_NOISE * max(beside), _LEAST_NOISE) if beside else value
        least = min(below[:_NEAREST], default=value)
        yield replace(row, folded=value > _OTHER and least < min(value / _VANISHED, noise))
