"""A model's state as inputs and outputs: what a variable holds goes in, and comes out again.

Works on a function's graph before its variables become constants, where reads and writes are still
operators, ordered by control edges. A read gives what the last write before it wrote, or the
input; what the last write of all wrote is the output, which the next call is fed with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sigfix.describing.effects import STATE, kind_of
from sigfix.errors import ConversionError
from sigfix.exporting.state import needed, variable_of
from sigfix.optimising.graph.graph import node_of

READ = "ReadVariableOp"
STEPS = {"AssignVariableOp": "", "AssignAddVariableOp": "AddV2", "AssignSubVariableOp": "Sub"}
"""What writes -> the operator between what was there and what is given, '' where that is taken."""
PLACE = "sigfix_state"
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class State:
    """A variable that was made an input and an output, by their keys; `start` is what it held.

    `variable` is the node that stands for it in the signature's function.
    """

    input: str
    output: str
    start: Array
    variable: str


@dataclass(frozen=True)
class Threaded:
    """The node of a variable, the input in its place, and the tensor that is to feed that next."""

    variable: str
    node: str
    result: str


def thread_state(
    definition: Any, variables: Mapping[str, str], outputs: Iterable[str]
) -> tuple[Threaded, ...]:
    """Make every variable that outputs depend on and that is written an input, in place.

    `variables` are names by the nodes that stand for variables, `outputs` are tensors. Raises
    `ConversionError` where there is none, and where one is written inside of a loop, by an operator
    other than an assignment, or in no order.
    """
    nodes = {str(node.name): node for node in definition.node}
    kept = _kept(nodes, variables, {node_of(output) for output in outputs})
    if not kept:
        raise ConversionError("--state io: nothing that this signature computes keeps a state.")
    threaded = []
    for number, (variable, found) in enumerate(kept.items()):
        thread = _Thread(definition, nodes, variable, variables[variable], found, number)
        threaded.append(Threaded(variable, thread.place, thread.run()))
    return tuple(threaded)


@dataclass
class _Accesses:
    """The names of what reads and what writes a variable."""

    reads: list[str]
    writes: list[str]


def _kept(
    nodes: Mapping[str, Any], variables: Mapping[str, str], ends: set[str]
) -> dict[str, _Accesses]:
    """The variables that are written and needed: by the outputs, or by another one's new value."""
    accesses: dict[str, _Accesses] = {}
    for name, node in nodes.items():
        if node.op == READ or kind_of(node.op) == STATE:
            found = accesses.setdefault(variable_of(nodes, node.input[0]), _Accesses([], []))
            (found.reads if node.op == READ else found.writes).append(name)
    changing = {v: found for v, found in accesses.items() if found.writes and v in variables}
    kept: dict[str, _Accesses] = {}
    while True:
        needs = needed(nodes, ends)
        new = {
            variable: found
            for variable, found in changing.items()
            if variable not in kept and needs.intersection(found.reads)
        }
        if not new:
            return kept
        kept |= new
        for found in new.values():
            ends |= {node_of(nodes[name].input[1]) for name in found.writes}


class _Thread:
    """One variable: its reads become what it holds there, its writes go."""

    def __init__(
        self,
        definition: Any,
        nodes: dict[str, Any],
        variable: str,
        title: str,
        accesses: _Accesses,
        number: int,
    ) -> None:
        self.definition, self.nodes = definition, nodes
        self.variable, self.title, self.accesses = variable, title, accesses
        self.place = f"{PLACE}/{number}"
        self.made = 0
        self.before = {name: before(nodes, name) for name in self._all()}

    def run(self) -> str:
        """Rewrite the graph; the tensor that the variable holds behind it."""
        kind = self._type()
        self._refuse_other_uses()
        for name in self.accesses.writes:
            self._refuse_write(self.nodes[name])
        self._add("Placeholder", [], kind, name=self.place)
        self.nodes[self.place].attr["dtype"].type = kind
        del self.nodes[self.place].attr["T"]
        value = {self.variable: self.place}
        for name in sorted(self.accesses.writes, key=lambda n: len(self._writes_before(n))):
            node, last = self.nodes[name], value[self._last(name)]
            step = STEPS[node.op]
            value[name] = self._add(step, [last, node.input[1]], kind) if step else node.input[1]
        for name in self.accesses.reads:
            self._read(name, value[self._last(name)], kind)
        final = [n for n in self.accesses.writes if len(self._writes_before(n)) == len(value) - 2]
        if len(final) != 1:
            raise self._refused("in no order that is known")
        result = self._add("Identity", [value[final[0]]], kind)
        self._take_out()
        return f"{result}:0"

    def _all(self) -> Iterator[str]:
        yield from self.accesses.reads
        yield from self.accesses.writes

    def _writes_before(self, name: str) -> set[str]:
        return self.before[name].intersection(self.accesses.writes) - {name}

    def _last(self, name: str) -> str:
        """The last write before an access, or the variable where there is none."""
        last = last_write(name, self.before, self.accesses.writes)
        if last is None:
            raise self._refused("in no order that is known")
        return last or self.variable

    def _type(self) -> int:
        some = self.nodes[next(self._all())]
        return int(some.attr["dtype"].type)

    def _refuse_write(self, node: Any) -> None:
        if node.op not in STEPS:
            raise self._refused(f"by {node.op}")
        for passing in _chain(self.nodes, node.input[0]):
            if passing.op in ("Enter", "RefEnter"):
                raise self._refused("inside of a loop")
            if passing.op != "Identity":
                raise self._refused("in a branch that is chosen at run time")

    def _refuse_other_uses(self) -> None:
        """Refuse what takes the variable and is neither read, write nor passing on: a call."""
        passing = {self.variable}
        for name in self._all():
            passing |= {str(node.name) for node in _chain(self.nodes, self.nodes[name].input[0])}
        known = passing | set(self._all())
        for node in self.definition.node:
            if node.name in known or node.op in ("Switch", "Enter", "Identity"):
                continue
            if any(
                reference[0] != "^" and node_of(reference) in passing for reference in node.input
            ):
                raise self._refused(f"or read by {node.op} ('{node.name}')")

    def _refused(self, how: str) -> ConversionError:
        return ConversionError(
            f"--state io: '{self.title}' is written {how}, which cannot be made an input and an "
            "output.",
            "export the model with its state as an argument and a result of the function",
        )

    def _read(self, name: str, value: str, kind: int) -> None:
        """Let a read be the value, led into the loop or branch that the read is in."""
        node = self.nodes[name]
        for passing in reversed(list(_chain(self.nodes, node.input[0]))):
            if passing.op == "Enter":
                value = self._add("Enter", [value], kind, like=passing)
            elif passing.op == "Switch":
                port = self._port(passing, node)
                value = f"{self._add('Switch', [value, passing.input[1]], kind)}{port}"
        controls = [reference for reference in node.input if reference[0] == "^"]
        node.op = "Identity"
        node.attr.clear()
        node.attr["T"].type = kind
        node.input[:] = [value, *controls]

    def _port(self, switch: Any, reader: Any) -> str:
        """`:1` where the reader is in the branch that is taken where the condition is true."""
        reference = reader.input[0]
        while node_of(reference) != switch.name:
            reference = self.nodes[node_of(reference)].input[0]
        return ":1" if reference.endswith(":1") else ""

    def _add(self, op: str, inputs: list[str], kind: int, name: str = "", like: Any = None) -> str:
        self.made += not name
        node = self.definition.node.add(name=name or f"{self.place}_{self.made}", op=op)
        for key, value in () if like is None else like.attr.items():
            node.attr[key].CopyFrom(value)
        node.input.extend(inputs)
        node.attr["T"].type = kind
        node.attr.pop("_output_shapes", None)
        self.nodes[str(node.name)] = node
        return str(node.name)

    def _take_out(self) -> None:
        """Take the writes out, and let what waited for them wait for what they waited for."""
        gone = set(self.accesses.writes)
        for place in reversed(range(len(self.definition.node))):
            node = self.definition.node[place]
            left = [r for r in node.input if not (r[0] == "^" and node_of(r) in gone)]
            if node.name in gone:
                del self.nodes[str(node.name)]
                del self.definition.node[place]
            elif len(left) < len(node.input):
                node.input[:] = left


def _chain(nodes: Mapping[str, Any], reference: str) -> Iterator[Any]:
    """The nodes that pass a variable on to an access, the nearest first, without its own."""
    node = nodes[node_of(reference)]
    while node.input and node.op in ("Identity", "Enter", "RefEnter", "Switch", "RefSwitch"):
        yield node
        node = nodes[node_of(node.input[0])]


def last_write(access: str, earlier: Mapping[str, set[str]], writes: Iterable[str]) -> str | None:
    """The last of `writes` that is before an access, '' where none is; None if none is the last.

    `earlier` are the nodes `before` each.
    """
    found = earlier[access].intersection(writes) - {access}
    last = [one for one in found if found - {one} <= earlier[one] - {one}]
    if not found:
        return ""
    return last[0] if len(last) == 1 else None


def before(nodes: Mapping[str, Any], name: str) -> set[str]:
    """All nodes that a node is computed from or waits for, itself among them.

    Of a function (whose references are `node:output:0`), too: its arguments are no nodes.
    """
    found: set[str] = set()
    stack = [name]
    while stack:
        one = stack.pop()
        if one not in found and one in nodes:
            found.add(one)
            stack += [reference.lstrip("^").split(":")[0] for reference in nodes[one].input]
    return found
