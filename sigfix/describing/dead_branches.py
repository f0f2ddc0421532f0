"""Branches that are never taken: of a choice whose condition is a constant of the graph.

TF1 models keep both branches of their training switch; a `PlaceholderWithDefault` that nobody
feeds, such as Keras' learning phase, decides which of them runs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

from sigfix.describing.scalars import MERGES, SWITCHES, Callers, Number, Scalars
from sigfix.model import Graph, Node, node_of, output_index


class Switches:
    """The constant conditions of a graph, where the nodes `fed` are given by a caller.

    `bound` are placeholders that have a value; see `Scalars` for `callers`.
    """

    def __init__(
        self,
        graph: Graph,
        fed: Collection[str],
        bound: Mapping[str, Number] | None = None,
        callers: Callers | None = None,
    ) -> None:
        self.graph = graph
        self.scalars = Scalars(graph, bound or {}, fed, callers)

    def live_inputs(self, scope: str, node: Node) -> tuple[str, ...]:
        """The data inputs of a node, of a Merge those that are ever there."""
        inputs = node.data_inputs
        if scope or node.op not in MERGES:
            return inputs
        return tuple(item for item in inputs if not self.is_dead(item)) or inputs

    @cached_property
    def _dead(self) -> frozenset[tuple[str, int | None]]:
        """(node, output) of switches' outputs that are never there; None for all of a node's."""
        readers: dict[str, list[tuple[Node, str]]] = {}
        switches = []
        for node in self.graph.nodes:
            if node.op in SWITCHES and len(node.data_inputs) > 1:
                switches.append(node)
            for item in node.inputs:
                readers.setdefault(node_of(item), []).append((node, item))
        found: set[tuple[str, int | None]] = set()
        pending: list[str] = []
        for node in switches:
            value = self.scalars.value("", node.data_inputs[1])
            if value is not None:
                found.add((node.name, 0 if value else 1))
                pending.append(node.name)
        while pending:
            name = pending.pop()
            for reader, item in readers.get(name, ()):
                if (reader.name, None) in found or not _reads_dead(item, found):
                    continue
                if reader.op in MERGES and not all(
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
