"""A frozen GraphDef as the passes see it: nodes by name, their readers, constants."""

from __future__ import annotations

import copy
import functools
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tensorflow.core.framework import graph_pb2, node_def_pb2
from tensorflow.python.framework import tensor_util

from sigfix.operator_defaults import complete

NodeDef = Any
Array = np.ndarray[Any, Any]


@functools.lru_cache(maxsize=1 << 16)
def node_of(reference: str) -> str:
    """The node that an input reference names: `^a`, `a:1` and `a` all name `a`."""
    return reference.lstrip("^").split(":")[0]


@dataclass
class Graph:
    """The nodes of one frozen graph, with the names that must survive.

    `inputs` and `outputs` are node names; every output is the first output of its node.
    `library` and `versions` are carried along untouched. What a node reads is changed through
    `set_input` and `set_inputs`, which keep the index of readers. `named` has, by node, what the
    source calls the tensor that it computes, as far as that is known.
    """

    nodes: dict[str, NodeDef]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    library: Any = None
    versions: Any = None
    named: dict[str, str] = field(default_factory=dict)
    _fresh: Iterator[int] = field(default_factory=lambda: iter(range(1 << 30)))
    _readers: dict[str, dict[int, NodeDef]] | None = None

    def copy(self) -> Graph:
        """A graph whose nodes can be edited; constants are shared, so nobody may edit those."""
        nodes = {}
        for name, node in self.nodes.items():
            nodes[name] = node
            if node.op != "Const":
                nodes[name] = node_def_pb2.NodeDef()
                nodes[name].CopyFrom(node)
        own = dict(self.named)
        return Graph(nodes, self.inputs, self.outputs, self.library, self.versions, own)

    def readers(self, name: str) -> list[NodeDef]:
        """Nodes that read the node `name` (data or control), once per reading input."""
        if self._readers is None:
            self._readers = {}
            for node in self.nodes.values():
                self._index(node, node.input)
        # Nothing is taken out of the index: a node in it may be gone, or read something else now.
        known = [n for n in self._readers.get(name, {}).values() if self._has(n)]
        return [node for node in known for reference in node.input if node_of(reference) == name]

    def only_reader(self, name: str) -> NodeDef | None:
        """The one node that reads `name`, or None where there are several or it is an output."""
        readers = self.readers(name)
        return readers[0] if len(readers) == 1 and name not in self.outputs else None

    def set_input(self, node: NodeDef, place: int, reference: str) -> None:
        """Let `node` read `reference` at `place`."""
        node.input[place] = reference
        self._index(node, [reference])

    def set_inputs(self, node: NodeDef, references: Sequence[str]) -> None:
        """Let `node` read `references`, and nothing else."""
        node.input[:] = references
        self._index(node, references)

    def set_nodes(self, nodes: dict[str, NodeDef]) -> None:
        """Let the graph consist of other nodes."""
        self.nodes, self._readers = nodes, None

    def _has(self, node: NodeDef) -> bool:
        return node.name in self.nodes and self.nodes[node.name] is node

    def _index(self, node: NodeDef, references: Iterable[str]) -> None:
        if self._readers is not None:
            for reference in references:
                self._readers.setdefault(node_of(reference), {})[id(node)] = node

    def constant(self, reference: str) -> np.ndarray[Any, Any] | None:
        """The value of a Const node (looking through Identity), else None."""
        node = self.constant_node(reference)
        return None if node is None else tensor_util.MakeNdarray(node.attr["value"].tensor)

    def constant_node(self, reference: str) -> NodeDef | None:
        """The Const node behind a reference (looking through Identity), else None."""
        node = self.nodes.get(node_of(reference))
        while node is not None and node.op == "Identity":
            node = self.nodes.get(node_of(node.input[0]))
        return node if node is not None and node.op == "Const" else None

    def add_constant(self, base: str, value: np.ndarray[Any, Any]) -> str:
        """Add a Const node and return its name."""
        name = self.unused_name(base)
        self.set_constant(name, value)
        return name

    def add_node(self, base: str, op: str, inputs: Sequence[str], like: NodeDef | int) -> NodeDef:
        """Add a node with the element type (attribute T) of `like`, and return it."""
        node = node_def_pb2.NodeDef(name=self.unused_name(base), op=op, input=inputs)
        node.attr["T"].type = like if isinstance(like, int) else like.attr["T"].type
        self.nodes[node.name] = node
        self._index(node, inputs)
        return node

    def set_constant(self, name: str, value: np.ndarray[Any, Any]) -> None:
        """Make the node `name`, whatever it computed, a constant."""
        node = node_def_pb2.NodeDef(name=name, op="Const")
        tensor = tensor_util.make_tensor_proto(value)
        node.attr["value"].tensor.CopyFrom(tensor)
        node.attr["dtype"].type = tensor.dtype
        self.nodes[name] = node

    def unused_name(self, base: str) -> str:
        """A node name starting with `base` that is not taken."""
        name = base
        while name in self.nodes:
            name = f"{base}_{next(self._fresh)}"
        return name

    def replace(self, old: str, new: str) -> None:
        """Make every reader of `old`'s first output read `new` instead, and drop `old`.

        An output keeps its name: the node `new` takes it over. What the source calls `old` is what
        it calls `new`, unless that has a name of its own.
        """
        if old in self.outputs:
            node = self.nodes.pop(new)
            self.nodes.pop(old)
            node.name = old
            self.nodes[old] = node
            self.redirect(new, old)
            self._rename_other_ports(new, old)
        else:
            self.nodes.pop(old)
            self.redirect(old, new)
            if old in self.named:
                self.named.setdefault(new, self.named.pop(old))

    def redirect(self, old: str, new: str) -> None:
        """Make every reader of `old`'s first output read `new` (`a` or `a:1`) instead."""
        for node in self.readers(node_of(old)):
            for i, reference in enumerate(node.input):
                if reference in (old, f"{old}:0"):
                    self.set_input(node, i, new)
                elif reference == f"^{old}":
                    self.set_input(node, i, f"^{node_of(new)}")

    def _rename_other_ports(self, old: str, new: str) -> None:
        """Readers of a renamed node's second output and on: a Split's or a TopKV2's."""
        for node in self.readers(old):
            for i, reference in enumerate(node.input):
                if reference.startswith(f"{old}:"):
                    self.set_input(node, i, f"{new}{reference[len(old) :]}")

    def reachable(self) -> set[str]:
        """Names of the nodes that some output depends on."""
        found: set[str] = set()
        stack = list(self.outputs)
        while stack:
            name = stack.pop()
            if name not in found:
                found.add(name)
                stack.extend(node_of(r) for r in self.nodes[name].input)
        return found

    def prune(self) -> None:
        """Drop every node that no output depends on; inputs stay."""
        wanted = self.reachable() | set(self.inputs)
        self.nodes = {name: node for name, node in self.nodes.items() if name in wanted}

    def ordered(self) -> list[NodeDef]:
        """Nodes in an order in which each comes after its inputs (loops are left as they are)."""
        result: list[NodeDef] = []
        state: dict[str, int] = {}
        for root in self.nodes:
            stack = [(root, False)]
            while stack:
                name, done = stack.pop()
                if done:
                    state[name] = 2
                    result.append(self.nodes[name])
                elif name in self.nodes and name not in state:
                    state[name] = 1
                    stack.append((name, True))
                    stack.extend((node_of(r), False) for r in self.nodes[name].input)
        return result

    def graph_def(self, placeholders: Collection[str] = (), values: bool = True) -> Any:
        """The graph as a GraphDef, nodes in topological order.

        The constants called `placeholders` are placeholders in it, without their values; without
        `values` all constants are as `without_value` has them.
        """
        result = graph_pb2.GraphDef()
        for node in self.nodes.values():
            # Reading an attribute that a node does not have leaves an empty one behind.
            for name in [n for n, a in node.attr.items() if a.WhichOneof("value") is None]:
                del node.attr[name]
        nodes = self.ordered() if values else map(without_value, self.ordered())
        result.node.extend(placeholder_of(n) if n.name in placeholders else n for n in nodes)
        if self.library is not None:
            result.library.CopyFrom(self.library)
        if self.versions is not None:
            result.versions.CopyFrom(self.versions)
        return result


def from_graph_def(graph_def: Any, inputs: Sequence[str], outputs: Sequence[str]) -> Graph:
    """Wrap a GraphDef; all of it is copied, for a part of a message keeps the whole in memory.

    Nodes get the attributes that they leave out: no pass has to know a default.
    """
    nodes = {}
    for node in graph_def.node:
        own = nodes[str(node.name)] = node_def_pb2.NodeDef()
        own.CopyFrom(node)
        complete(own)
    library, versions = copy.deepcopy((graph_def.library, graph_def.versions))
    return Graph(nodes, tuple(inputs), tuple(outputs), library, versions)


def placeholder_of(constant: NodeDef) -> NodeDef:
    """A placeholder with a constant's name, type and shape."""
    node = node_def_pb2.NodeDef(name=constant.name, op="Placeholder")
    node.attr["dtype"].type = constant.attr["dtype"].type
    node.attr["shape"].shape.CopyFrom(constant.attr["value"].tensor.tensor_shape)
    return node


def without_value(node: NodeDef) -> NodeDef:
    """A constant's name, type, shape and control edges in a node of their own; others as they are.

    What the value is, `Graph.nodes` says: a copy of it would double a model's memory.
    """
    if node.op != "Const":
        return node
    rest = node_def_pb2.NodeDef(name=node.name, op=node.op, device=node.device, input=node.input)
    tensor = node.attr["value"].tensor
    rest.attr["dtype"].type = tensor.dtype
    rest.attr["value"].tensor.dtype = tensor.dtype
    rest.attr["value"].tensor.tensor_shape.CopyFrom(tensor.tensor_shape)
    return rest
