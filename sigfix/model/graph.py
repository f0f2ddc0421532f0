"""A GraphDef: nodes, and the functions of its library."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sigfix.model.specs import Shape, TensorSpec


@dataclass(frozen=True)
class FunctionReference:
    """An attribute that names a library function."""

    name: str


@dataclass(frozen=True)
class ConstantTensor:
    """A constant in the graph. `value` is its flat elements where it has few, else None."""

    dtype: str
    shape: Shape
    value: tuple[Any, ...] | None
    size_bytes: int


@dataclass(frozen=True)
class Node:
    """A NodeDef.

    `attributes` maps names to plain values (`str` for bytes and dtypes, int, float, bool,
    `Shape`, `FunctionReference`, `ConstantTensor`, tuple for a list); it may decode on access.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict, compare=False)
    device: str = ""

    @property
    def data_inputs(self) -> tuple[str, ...]:
        """Inputs without the control dependencies (`^name`)."""
        return tuple(name for name in self.inputs if not name.startswith("^"))

    def listed(self, attribute: str) -> tuple[Any, ...]:
        """An attribute that should be a list; () where it is none."""
        value = self.attributes.get(attribute)
        return value if isinstance(value, tuple) else ()

    def numbers(self, attribute: str) -> tuple[int, ...]:
        """An attribute that should be a list of whole numbers; () where it is none."""
        values = self.listed(attribute)
        return values if all(type(value) is int for value in values) else ()

    @property
    def branches(self) -> tuple[str, str] | None:
        """The functions that a functional choice calls, for true and for false; None of others."""
        if self.op not in ("If", "StatelessIf"):
            return None
        sides = [self.attributes.get(name) for name in ("then_branch", "else_branch")]
        named = [side.name for side in sides if isinstance(side, FunctionReference)]
        return (named[0], named[1]) if len(named) == 2 else None

    @cached_property
    def functions(self) -> tuple[str, ...]:
        """The names of the library functions that this node calls."""
        called: list[str] = []
        for value in self.attributes.values():
            for item in value if isinstance(value, tuple) else (value,):
                if isinstance(item, FunctionReference):
                    called.append(item.name)
        return tuple(called)


def node_of(tensor: str) -> str:
    """The node's name in a tensor name: `x:0`, `^x` and `f:out:0` all belong to a node."""
    return tensor.removeprefix("^").split(":", 1)[0]


def full_name(tensor: str) -> str:
    """`x` and `x:0` are `x:0`."""
    return tensor if ":" in tensor else f"{tensor}:0"


def output_index(tensor: str) -> int:
    """Which output of its node a tensor name means: 2 for `x:2` and `f:out:2`, 0 for `x`."""
    index = tensor.rpartition(":")[2] if ":" in tensor else ""
    return int(index) if index.isdecimal() and len(index) < 10 else 0


@dataclass(frozen=True)
class GraphFunction:
    """A FunctionDef: argument and result specs, body, and where each result comes from."""

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    nodes: tuple[Node, ...]
    returns: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict, compare=False)


CALLS = frozenset({
    "PartitionedCall", "StatefulPartitionedCall", "If", "StatelessIf", "While", "StatelessWhile",
    "Case", "StatelessCase",
})  # fmt: skip
"""Operators that run the functions that their attributes name."""


@dataclass(frozen=True)
class Graph:
    """A GraphDef. `producer` and `min_consumer` are GraphDef versions, not TensorFlow's."""

    nodes: tuple[Node, ...]
    functions: tuple[GraphFunction, ...] = ()
    producer: int = 0
    min_consumer: int = 0

    @cached_property
    def by_name(self) -> dict[str, Node]:
        """The top-level nodes by name."""
        return {node.name: node for node in self.nodes}

    @cached_property
    def readers(self) -> dict[str, list[Node]]:
        """Node name -> the top-level nodes that read its data, by whichever output."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(map(node_of, node.data_inputs)):
                found.setdefault(name, []).append(node)
        return found

    @cached_property
    def tensor_readers(self) -> dict[str, list[Node]]:
        """Tensor (`x` for `x:0`, `x:1`) -> the top-level nodes that read it, or wait for `x`."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in node.inputs:
                found.setdefault(name.removeprefix("^").removesuffix(":0"), []).append(node)
        return found

    @cached_property
    def function_by_name(self) -> dict[str, GraphFunction]:
        """The library functions by name."""
        return {function.name: function for function in self.functions}

    @cached_property
    def dangling(self) -> tuple[tuple[str, str, str], ...]:
        """(function, node, name) of all that a node reads or calls and the graph does not have."""
        found = []
        bodies = [("", self.nodes, frozenset[str]())]
        bodies += [
            (item.name, item.nodes, frozenset(argument.name for argument in item.inputs))
            for item in self.functions
        ]
        for scope, nodes, arguments in bodies:
            there = arguments.union(node.name for node in nodes)
            for node in nodes:
                names = [name for name in map(node_of, node.inputs) if name not in there]
                if node.op in CALLS:
                    library = self.function_by_name
                    names += [name for name in node.functions if name not in library]
                found += [(scope, node.name, name) for name in names]
        return tuple(found)

    def all_nodes(self) -> Iterator[tuple[str, Node]]:
        """Every node with the name of its function ('' at the top level)."""
        for node in self.nodes:
            yield "", node
        for function in self.functions:
            for node in function.nodes:
                yield function.name, node

    @cached_property
    def op_counts(self) -> dict[str, int]:
        """How often each operator occurs, functions included; calls to functions excluded."""
        counts: dict[str, int] = {}
        for _, node in self.all_nodes():
            if node.op not in self.function_by_name:
                counts[node.op] = counts.get(node.op, 0) + 1
        return counts

    def executed(
        self, tensors: Collection[str], functions: Collection[str] = ()
    ) -> tuple[tuple[str, Node], ...]:
        """(function, node) of all that tensors (or operations) and functions need to run.

        Data and control dependencies, and the bodies of called functions; '' is the graph itself.
        """
        bodies = {"": self.by_name}
        pending = [("", node_of(name)) for name in tensors]
        found: list[tuple[str, Node]] = []
        seen: set[tuple[str, str]] = set()

        def enter(name: str) -> None:
            function = self.function_by_name.get(name)
            if function is not None and name not in bodies:
                bodies[name] = {node.name: node for node in function.nodes}
                pending.extend((name, node.name) for node in function.nodes)

        for name in functions:
            enter(name)
        while pending:
            scope, name = pending.pop()
            node = bodies[scope].get(name)
            if node is None or (scope, name) in seen:
                continue
            seen.add((scope, name))
            found.append((scope, node))
            pending.extend((scope, node_of(item)) for item in node.inputs)
            for called in (*node.functions, node.op):
                enter(called)
        return tuple(found)

    def reachable_from(self, tensors: tuple[str, ...]) -> list[Node]:
        """The nodes that `tensors` depend on (data and control), and those of called functions."""
        return [node for _, node in self.executed(tensors)]
