"""What outputs are computed from: backwards from them, by data alone, to what is fed.

That is what a converter keeps of a signature: not savers, training steps, what lies in front of a
fed tensor, gradient functions, results of a function that nobody asks for, or the branch of a
switch that is a constant. `running` tells what loaders execute, which is more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from sigfix.describing import running
from sigfix.describing.dead_branches import Switches
from sigfix.describing.effects import STATE, kind_of
from sigfix.describing.operators import is_stateful
from sigfix.describing.running import Run
from sigfix.describing.scalars import ARGUMENTS_FROM, Number
from sigfix.model import Graph, GraphFunction, MetaGraph, Node, node_of, output_index

Place = tuple[str, str]
"""A function ('' is the graph itself) and a node or an argument of it."""

_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall", *ARGUMENTS_FROM})
"""What puts out the results of the function that it calls, in their order."""
STORED = frozenset({
    "VarHandleOp", "VariableV2", "Variable", "ReadVariableOp", "ResourceGather", "ResourceGatherNd",
    "PartitionedCall", "StatefulPartitionedCall", "If", "While", "Case", "Switch", "Merge",
    "DisableCopyOnRead",
})  # fmt: skip
"""Stateful operators whose result freezing makes a constant, where its inputs are constants."""


@dataclass(frozen=True)
class Computation:
    """The nodes that outputs are computed by, and what each reads of the others.

    `given` are the places that a caller fills; `kept_state` are the variables (and tables) that
    outputs are computed from and that the same call changes.
    """

    graph: Graph
    nodes: tuple[tuple[str, Node], ...]
    reads: dict[Place, set[Place]]
    given: frozenset[Place]
    kept_state: tuple[str, ...] = ()

    @cached_property
    def varying(self) -> list[tuple[str, Node]]:
        """The nodes that are not constant once the variables are: that freezing leaves."""
        return [(scope, node) for scope, node in self.nodes if (scope, node.name) in self.changing]

    @cached_property
    def changing(self) -> frozenset[Place]:
        """The places of those nodes, and of what a caller fills."""
        readers: dict[Place, list[Place]] = {}
        for place, sources in self.reads.items():
            for source in sources:
                readers.setdefault(source, []).append(place)
        pending = list(self.given) + [
            (scope, node.name)
            for scope, node in self.nodes
            if node.op not in STORED and node.op not in self.graph.function_by_name
            if is_stateful(node.op)
        ]
        seen: set[Place] = set()
        while pending:
            place = pending.pop()
            if place not in seen:
                seen.add(place)
                pending += readers.get(place, ())
        return frozenset(seen)


def of_signature(meta: MetaGraph, key: str) -> Computation:
    """What a signature computes, from its inputs to its outputs."""
    signature = meta.signature(key)
    inputs = signature.inputs if signature else ()
    outputs = signature.outputs if signature else ()
    return of_tensors(
        meta,
        [name for item in outputs for name in item.tensor_names],
        [name for item in inputs for name in item.tensor_names],
    )


def of_tensors(
    meta: MetaGraph,
    outputs: Collection[str],
    fed: Collection[str],
    bound: Mapping[str, Number] | None = None,
) -> Computation:
    """What tensors of the graph (`y:0`) are computed by, where `fed` ones are given.

    `bound` are placeholders that are switches, with their values.
    """
    walk = _Walk(meta.graph, fed, bound)
    for tensor in outputs:
        walk.visit("", tensor, None)
    return walk.run(running.of_tensors(meta, outputs), {})


def of_function(meta: MetaGraph, name: str) -> Computation:
    """What a concrete function computes from its arguments; its captures stay what they are."""
    trace = meta.objects.traces.get(name) if meta.objects is not None else None
    captured = trace.bound_inputs if trace is not None else ()
    function = meta.graph.function_by_name.get(name)
    walk = _Walk(meta.graph, ())
    names: dict[Place, str] = {}
    if function is not None:
        arguments = [spec.name for spec in function.inputs]
        count = len(arguments) - len(captured)
        paths = meta.objects.paths if meta.objects is not None else {}
        names = {
            (name, item): paths.get(node, item)
            for item, node in zip(arguments[count:], captured, strict=False)
        }
        walk.open(function)
        walk.given = {(name, item) for item in arguments[:count]}
        for tensor in function.returns.values():
            walk.visit(name, tensor, None)
    return walk.run(running.of_functions(meta, [name]), names)


class _Walk:
    """The walk backwards: what is still to be looked at, and what calls each function."""

    def __init__(
        self, graph: Graph, fed: Collection[str], bound: Mapping[str, Number] | None = None
    ) -> None:
        self.graph = graph
        self.fed = {(node_of(name), output_index(name)) for name in fed}
        self.given: set[Place] = {("", f"{name}:{index}") for name, index in self.fed}
        self.switches = Switches(graph, {name for name, _ in self.fed}, bound)
        self.bodies: dict[str, dict[str, Node]] = {"": graph.by_name}
        self.callers: dict[str, list[tuple[str, Node, int]]] = {}
        self.entered: set[tuple[str, str, str]] = set()
        self.used: dict[str, set[str]] = {}
        self.found: dict[Place, Node] = {}
        self.reads: dict[Place, set[Place]] = {}
        self.pending: list[tuple[str, str]] = []
        self.seen: set[tuple[str, str, int]] = set()

    def run(self, executed: Run, names: Mapping[Place, str]) -> Computation:
        """Look at everything that is pending, and what that leads to.

        `executed` is what else runs; `names` are what arguments are called outside.
        """
        self._finish()
        nodes = tuple((scope, node) for (scope, _), node in self.found.items())
        read = set(self.found) | {(f, name) for f, used in self.used.items() for name in used}
        reads = {place: set(sources) for place, sources in self.reads.items()}
        changed: set[Place] = set()
        for scope, node in executed.nodes:
            if kind_of(node.op) == STATE and node.data_inputs and scope in self.bodies:
                if not scope and self.switches.is_dead(node.data_inputs[0]):
                    continue  # in a branch that is never taken
                self.visit(scope, node.data_inputs[0], None)
                self._finish()
                changed |= self._origins(scope, node.data_inputs[0])
        kept = tuple(sorted(names.get(place, place[1]) for place in changed & read))
        return Computation(self.graph, nodes, reads, frozenset(self.given), kept)

    def _finish(self) -> None:
        while self.pending:
            self._look(*self.pending.pop())

    def _origins(self, scope: str, tensor: str) -> set[Place]:
        """Where a resource comes from, through arguments and copies: places that read nothing."""
        pending, seen, found = [(scope, node_of(tensor))], set(), set()
        while pending:
            place = pending.pop()
            if place not in seen:
                seen.add(place)
                sources, node = self.reads.get(place, set()), self.found.get(place)
                if node is not None and node.op in ("Switch", "RefSwitch"):  # not its condition
                    sources = sources & {(place[0], node_of(node.data_inputs[0]))}
                pending += sources
                found |= set() if sources else {place}
        return found

    def visit(self, scope: str, tensor: str, reader: Place | None) -> None:
        """Note that `reader` reads a tensor, which is to be looked at."""
        name, index = node_of(tensor), output_index(tensor)
        source = (scope, name)
        if not scope and (name, index) in self.fed:
            source = (scope, f"{name}:{index}")
        elif (scope, name, index) not in self.seen:
            self.seen.add((scope, name, index))
            self.pending.append((scope, tensor))
        if reader is not None:
            self.reads.setdefault(reader, set()).add(source)

    def _look(self, scope: str, tensor: str) -> None:
        node = self.bodies[scope].get(node_of(tensor))
        if node is None:
            if scope and node_of(tensor) not in self.used.setdefault(scope, set()):
                self.used[scope].add(node_of(tensor))
                for caller in self.callers.get(scope, ()):
                    self._pass_in(scope, node_of(tensor), *caller)
            return
        place = (scope, node.name)
        called = self._called(scope, node)
        if called and (node.op in _CALLS or node.op in self.graph.function_by_name):
            for function in called:
                self._enter(function, scope, node, ARGUMENTS_FROM.get(node.op, 0))
                self._take_result(function, output_index(tensor), place)
        elif place not in self.found:
            for function in called:  # a loop: all that it carries is needed
                self._enter(function, scope, node, 0)
                self.given |= {(function.name, spec.name) for spec in function.inputs}
                for index in range(len(function.outputs)):
                    self._take_result(function, index, place)
        if place in self.found:
            return
        self.found[place] = node
        if not called:
            for item in self.switches.live_inputs(scope, node):
                self.visit(scope, item, place)
        elif node.op in ARGUMENTS_FROM and len(called) > 1:
            self.visit(scope, node.data_inputs[0], place)
        elif node.op not in _CALLS and node.op not in self.graph.function_by_name:
            for item in node.data_inputs:
                self.visit(scope, item, place)

    def _called(self, scope: str, node: Node) -> list[GraphFunction]:
        """The functions whose results a node puts out; of a constant choice the chosen one."""
        library = self.graph.function_by_name
        names = [node.op] if node.op in library else list(node.functions)
        chosen = self.switches.scalars.chosen(scope, node)
        return [library[name] for name in ([chosen] if chosen else names) if name in library]

    def open(self, function: GraphFunction) -> None:
        """Make a function's nodes known by name."""
        if function.name not in self.bodies:
            self.bodies[function.name] = {item.name: item for item in function.nodes}

    def _enter(self, function: GraphFunction, scope: str, node: Node, offset: int) -> None:
        self.open(function)
        caller = (scope, node, offset)
        if (function.name, scope, node.name) not in self.entered:
            self.entered.add((function.name, scope, node.name))
            self.callers.setdefault(function.name, []).append(caller)
            for argument in tuple(self.used.get(function.name, ())):
                self._pass_in(function.name, argument, *caller)

    def _pass_in(self, function: str, argument: str, scope: str, node: Node, offset: int) -> None:
        """What a caller gives to an argument."""
        names = [spec.name for spec in self.graph.function_by_name[function].inputs]
        place = names.index(argument) + offset if argument in names else len(node.data_inputs)
        if place < len(node.data_inputs):
            self.visit(scope, node.data_inputs[place], (function, argument))

    def _take_result(self, function: GraphFunction, index: int, reader: Place) -> None:
        """The result of that number; all of them where a function does not say which that is."""
        known = index < len(function.outputs)
        for name in [function.outputs[index].name] if known else list(function.returns):
            tensor = function.returns.get(name)
            if tensor is not None:
                self.visit(function.name, tensor, reader)
