"""Branches that are never taken: of a choice whose condition is a constant of the graph.

TF1 models keep both branches of their training switch; a `PlaceholderWithDefault` that nobody
feeds, such as Keras' learning phase, decides which of them runs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

from sigfix.model import ConstantTensor, Graph, Node, node_of, output_index

_COPIES = frozenset({"Identity", "StopGradient", "PlaceholderWithDefault", "EnsureShape"})


class Switches:
    """The constant conditions of a graph, where the nodes `fed` are given by a caller.

    `bound` are placeholders that a repair would give a value.
    """

    def __init__(
        self, graph: Graph, fed: Collection[str], bound: Mapping[str, bool] | None = None
    ) -> None:
        self.graph = graph
        self.fed = frozenset(fed)
        self.bound = dict(bound or {})

    def live_inputs(self, scope: str, node: Node) -> tuple[str, ...]:
        """The data inputs of a node, of a Merge those that are ever there."""
        inputs = node.data_inputs
        if scope or node.op not in ("Merge", "RefMerge"):
            return inputs
        return tuple(item for item in inputs if not self.is_dead(item)) or inputs

    def chosen_branch(self, body: Mapping[str, Node], node: Node) -> str:
        """The function that a functional choice in `body` always calls, '' where that is open."""
        if not node.branches or not node.data_inputs:
            return ""
        value = self.constant(body, node.data_inputs[0])
        return "" if value is None else node.branches[0 if value else 1]

    def constant(self, body: Mapping[str, Node], tensor: str) -> bool | None:
        """The value of a scalar condition, None where it is not a constant of its graph."""
        pending = [tensor]
        negated = False
        for _ in range(100):  # no graph asks longer for a constant
            node = body.get(node_of(pending.pop()))
            if node is not None and body is self.graph.by_name and node.name in self.bound:
                return self.bound[node.name] != negated
            if node is None or (body is self.graph.by_name and node.name in self.fed):
                return None
            if node.op == "Const":
                value = node.attributes.get("value")
                if not isinstance(value, ConstantTensor) or not value.value:
                    return None
                return bool(value.value[0]) != negated
            if node.op == "LogicalNot":
                negated = not negated
            elif node.op in ("Switch", "RefSwitch") and len(node.data_inputs) > 1:
                pass  # either output is the value, where it is there at all
            elif node.op not in _COPIES:
                return None
            if not node.data_inputs:
                return None
            pending.append(node.data_inputs[0])
        return None

    @cached_property
    def _dead(self) -> frozenset[tuple[str, int | None]]:
        """(node, output) of switches' outputs that are never there; None for all of a node's."""
        readers: dict[str, list[tuple[Node, str]]] = {}
        switches = []
        for node in self.graph.nodes:
            if node.op in ("Switch", "RefSwitch") and len(node.data_inputs) > 1:
                switches.append(node)
            for item in node.inputs:
                readers.setdefault(node_of(item), []).append((node, item))
        found: set[tuple[str, int | None]] = set()
        pending: list[str] = []
        for node in switches:
            value = self.constant(self.graph.by_name, node.data_inputs[1])
            if value is not None:
                found.add((node.name, 0 if value else 1))
                pending.append(node.name)
        while pending:
            name = pending.pop()
            for reader, item in readers.get(name, ()):
                if (reader.name, None) in found or not _reads_dead(item, found):
                    continue
                if reader.op in ("Merge", "RefMerge") and not all(
                    _reads_dead(other, found) for other in reader.data_inputs
                ):
                    continue
                found.add((reader.name, None))
                pending.append(reader.name)
        return frozenset(found)

    def is_dead(self, tensor: str) -> bool:
        """Whether a tensor of the graph itself is never there."""
        return _reads_dead(tensor, self._dead)


def _reads_dead(tensor: str, dead: Collection[tuple[str, int | None]]) -> bool:
    """Whether an input is never there; a control input is where any output of its node is."""
    name = node_of(tensor)
    if tensor.startswith("^"):
        return (name, None) in dead
    return (name, None) in dead or (name, output_index(tensor)) in dead
