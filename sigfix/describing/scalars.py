"""Scalars that a graph computes of its switches: whether a condition holds, which rate it chooses.

Nothing is executed: a few operators on single numbers are computed here, through choices and calls.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from sigfix.model import ConstantTensor, Graph, Node, node_of, output_index

Number = bool | int | float
Callers = Mapping[str, Iterable[tuple[str, Node]]]

ARGUMENTS_FROM = {"If": 1, "StatelessIf": 1, "_If": 1, "Case": 1, "StatelessCase": 1}
"""Control flow whose first input is no argument of the functions that it calls."""
COPIES = frozenset({"Identity", "StopGradient", "EnsureShape", "Squeeze", "Reshape", "ExpandDims"})
"""Operators that leave a single number what it is."""
SWITCHES, MERGES = ("Switch", "RefSwitch"), ("Merge", "RefMerge")
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
_SELECTS = ("Select", "SelectV2")
_OF_ONE: dict[str, Callable[[Any], Any]] = {"LogicalNot": operator.not_, "Neg": operator.neg}
_OF_TWO: dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add, "AddV2": operator.add, "Sub": operator.sub, "Mul": operator.mul,
    "Maximum": max, "Minimum": min, "Equal": operator.eq, "NotEqual": operator.ne,
    "Less": operator.lt, "LessEqual": operator.le, "Greater": operator.gt,
    "GreaterEqual": operator.ge, "LogicalAnd": lambda a, b: a and b,
    "LogicalOr": lambda a, b: a or b, "LogicalXor": operator.ne,
}  # fmt: skip
_DECIDED = {"LogicalAnd": False, "LogicalOr": True, "Mul": 0}
"""Operators -> the value of one input with which the other does not matter."""
_DEEPEST, _LARGEST = 60, 1 << 64
_WIDEST = 100
"""Nodes that are looked at to see whether one side of a Merge is ever there."""


class Scalars:
    """The values of scalars, where placeholders have the values `given`.

    Those of `fed` have whatever a caller gives; others have their default. `callers` are, of a
    function, the nodes that call it and what they are in; without them its arguments are unknown.
    `asked` are the placeholders of unknown value that were met.
    """

    def __init__(
        self,
        graph: Graph,
        given: Mapping[str, Number],
        fed: Collection[str] = (),
        callers: Callers | None = None,
    ) -> None:
        self.graph = graph
        self.given = dict(given)
        self.fed = frozenset(fed)
        self.callers: Callers = callers or {}
        self.asked: set[str] = set()
        self._bodies: dict[str, Mapping[str, Node]] = {"": graph.by_name}
        self._values: dict[tuple[str, str, int], Number | None] = {}
        self._sources: dict[tuple[str, str, int], tuple[str, str, int]] = {}
        self._deep = 0

    def value(self, function: str, tensor: str) -> Number | None:
        """The value of a tensor of a function ('' is the graph), None where that is open."""
        key = self._source(function, node_of(tensor), output_index(tensor))
        if key not in self._values and self._deep < _DEEPEST:
            self._values[key] = None  # what a loop depends on is no constant
            self._deep += 1
            self._values[key] = self._look(*key)
            self._deep -= 1
        return self._values.get(key)

    def _source(self, function: str, name: str, index: int) -> tuple[str, str, int]:
        """Where a value comes from, through copies and what a function's one caller gives it."""
        key, passed = (function, name, index), dict[tuple[str, str, int], None]()
        while key not in passed:
            passed[key] = None
            if key in self._sources:
                key = self._sources[key]
                break
            place = self._behind(*key[:2])
            if place is not None:
                key = place[0], node_of(place[1]), output_index(place[1])
        self._sources.update(dict.fromkeys(passed, key))
        return key

    def _behind(self, function: str, name: str) -> tuple[str, str] | None:
        """What a node is a copy of, or an argument's only caller gives; None of anything else."""
        node = self._body(function).get(name)
        if node is None:
            given = set(self._given(function, name))
            return given.pop() if len(given) == 1 else None
        if not function and (name in self.fed or name in self.given):
            return None
        return (function, node.data_inputs[0]) if node.op in COPIES and node.data_inputs else None

    def _body(self, function: str) -> Mapping[str, Node]:
        if function not in self._bodies:
            found = self.graph.function_by_name.get(function)
            self._bodies[function] = {node.name: node for node in found.nodes} if found else {}
        return self._bodies[function]

    def _look(self, function: str, name: str, index: int) -> Number | None:
        node = self._body(function).get(name)
        if node is None:
            return self._argument(function, name)
        if not function and name in self.given:
            return self.given[name]
        if not function and name in self.fed:
            self.asked.add(name)
            return None
        inputs = node.data_inputs
        if node.op == "Const":
            constant = node.attributes.get("value")
            values = constant.value if isinstance(constant, ConstantTensor) else None
            alone = values[0] if values and len(values) == 1 else None
            return alone if isinstance(alone, (bool, int, float)) else None
        if node.op in MERGES:
            return self._only(function, [item for item in inputs if not self._is_away(item)])
        if not inputs:
            return None
        if node.op in SWITCHES or node.op == "PlaceholderWithDefault":
            return self.value(function, inputs[0])
        if node.op == "Cast":
            return _cast(self.value(function, inputs[0]), str(node.attributes.get("DstT", "")))
        if node.op in _SELECTS and len(inputs) == 3:
            asked = self.value(function, inputs[0])
            return self._only(function, inputs[1:] if asked is None else [inputs[2 - bool(asked)]])
        if node.op in _OF_ONE:
            value = self.value(function, inputs[0])
            return None if value is None else _OF_ONE[node.op](value)
        if node.op in _OF_TWO and len(inputs) == 2:
            return _of_two(node.op, [self.value(function, item) for item in inputs])
        return self._called(function, node, index)

    def chosen(self, function: str, node: Node) -> str:
        """The function that a functional choice always calls, '' where that is open."""
        if not node.branches or not node.data_inputs:
            return ""
        value = self.value(function, node.data_inputs[0])
        return "" if value is None else node.branches[0 if value else 1]

    def _called(self, function: str, node: Node, index: int) -> Number | None:
        """What a function that a node calls returns, of a choice whichever is called."""
        library = self.graph.function_by_name
        if node.op not in _CALLS and node.op not in library and not node.branches:
            return None
        chosen = self.chosen(function, node)
        names = [chosen] if chosen else node.branches or node.functions or (node.op,)
        found = set()
        for name in names:
            results = library[name].outputs if name in library else ()
            result = library[name].returns.get(results[index].name) if results[index:] else None
            found.add(self.value(name, result) if result else None)
        return found.pop() if len(found) == 1 else None

    def _argument(self, function: str, name: str) -> Number | None:
        """What all who call a function give for an argument."""
        given = [place and self.value(*place) for place in self._given(function, name)]
        return given[0] if len(set(given)) == 1 else None

    def _given(self, function: str, argument: str) -> Iterator[tuple[str, str] | None]:
        """The function and tensor that each caller gives; None where that cannot be told."""
        definition = self.graph.function_by_name.get(function)
        names = [spec.name for spec in definition.inputs] if definition else []
        for scope, node in self.callers.get(function, ()) if argument in names else ():
            place = names.index(argument) + ARGUMENTS_FROM.get(node.op, 0)
            plain = node.op in _CALLS or node.op == function or node.branches is not None
            is_told = plain and place < len(node.data_inputs)
            yield (scope, node.data_inputs[place]) if is_told else None

    def _only(self, function: str, tensors: Collection[str]) -> Number | None:
        """The value that all of these tensors have."""
        found = {self.value(function, item) for item in tensors}
        return found.pop() if len(found) == 1 else None

    def _is_away(self, tensor: str, seen: set[str] | None = None) -> bool:
        """Whether what a Merge reads of the graph is never there: behind a switch's other side.

        `seen` is what has been looked at for it.
        """
        pending, seen = [tensor], set() if seen is None else seen
        while pending and len(seen) < _WIDEST:
            item = pending.pop()
            node = self.graph.by_name.get(node_of(item))
            if node is None or item in seen:
                continue
            seen.add(item)
            if node.op in SWITCHES and len(node.data_inputs) > 1 and not item.startswith("^"):
                value = self.value("", node.data_inputs[1])
                if value is not None and bool(value) != bool(output_index(item)):
                    return True
            if node.op not in MERGES:
                pending += node.inputs
            elif all(self._is_away(other, seen) for other in node.data_inputs):
                return True
        return False


def _cast(value: Number | None, dtype: str) -> Number | None:
    if value is None:
        return None
    kinds: dict[str, Callable[[Number], Number]] = {"bool": bool, "int": int, "uint": int}
    cast = next((kinds[kind] for kind in kinds if dtype.startswith(kind)), float)
    try:
        return cast(value)
    except (ValueError, OverflowError):  # an infinity, or not a number, as a whole one
        return None


def _of_two(op: str, values: list[Number | None]) -> Number | None:
    decided = _DECIDED.get(op)
    if decided is not None and decided in values:
        return decided
    first, second = values
    if first is None or second is None:
        return None
    if abs(first) > _LARGEST or abs(second) > _LARGEST:
        return None
    found: Number = _OF_TWO[op](first, second)
    return found
