"""What is in the lists of a graph, and the tensors that lists are made of and become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sigfix.optimising.graph.graph import Graph, NodeDef
from sigfix.optimising.graph.operator_kinds import DT_INT32
from sigfix.optimising.graph.shapes import Shapes
from sigfix.optimising.graph.static_values import Values
from sigfix.optimising.loops.evaluating import LARGEST
from sigfix.optimising.loops.list_operators import LISTS

Elements = tuple[str | None, ...]
"""The tensors in a list, by reference; None where nothing was written."""


@dataclass
class Lists:
    """What is known of the lists of a graph, by the reference that stands for each."""

    graph: Graph
    shapes: Shapes
    values: Values

    def __post_init__(self) -> None:
        self.elements: dict[str, Elements] = {}
        self.cut: dict[str, Elements] = {}
        self.stacks: dict[str, list[str]] = {}

    def number(self, reference: str) -> int | None:
        """A known whole number."""
        found = self.numbers(reference)
        return found[0] if found is not None and len(found) == 1 else None

    def numbers(self, reference: str) -> list[int] | None:
        """Known whole numbers: of a constant, or sizes that are static."""
        value = self.values.of(reference) if reference else None
        if value is None or not all(isinstance(item, int) for item in value.reshape(-1)):
            return None
        return [int(item) for item in value.reshape(-1)]

    def parts(self, node: NodeDef, tensor: str, rows: int = 0) -> Elements | None:
        """The rows of a tensor: each a tensor of one axis less, cut out once for all readers.

        None where nobody knows how many there are, unless the caller does: `rows`.
        """
        shape = self.shapes.get(tensor) or [rows]
        if not shape[0]:
            shape = [rows, *shape[1:]]
        if not shape[0] or shape[0] > LARGEST:
            return None
        if tensor not in self.cut:
            self.cut[tensor] = _cut(self.graph, node, tensor, shape)
        return self.cut[tensor]

    def filled(self, node: NodeDef, elements: Elements) -> list[str] | None:
        """The tensors of a list, zeros where nothing was written; None where it has no tensor."""
        written = next((each for each in elements if each is not None), None)
        if written is None:
            return None
        zeros = ""
        if None in elements:
            like = LISTS[node.op].type_of(node)
            zeros = str(
                self.graph.add_node(f"{node.name}/zeros", "ZerosLike", [written], like).name
            )
        return [zeros if each is None else each for each in elements]


def _cut(graph: Graph, node: NodeDef, tensor: str, shape: Sequence[int | None]) -> Elements:
    """The rows of a tensor by reference.

    [T, B, n] as [T * B, n] is split into T parts [B, n]: no part needs a shape of its own, and a
    product of each part is seen as one of them all.
    """
    rows, kind, base = int(shape[0] or 0), LISTS[node.op].type_of(node), str(node.name)
    if len(shape) > 1 and None not in shape[2:] and 0 not in shape[1:]:
        target = graph.add_constant(f"{base}/rows", np.array([-1, *shape[2:]], np.int32))
        flat = graph.add_node(f"{base}/flat", "Reshape", [tensor, target], kind)
        flat.attr["Tshape"].type = DT_INT32
        axis = graph.add_constant(f"{base}/axis", np.array(0, np.int32))
        parts = graph.add_node(f"{base}/parts", "Split", [axis, flat.name], kind)
        parts.attr["num_split"].i = rows
    else:
        parts = graph.add_node(f"{base}/parts", "Unpack", [tensor], kind)
        parts.attr["num"].i, parts.attr["axis"].i = rows, 0
    return tuple(f"{parts.name}:{i}" if i else str(parts.name) for i in range(rows))


def become(graph: Graph, node: NodeDef, op: str, inputs: Sequence[str], data_type: int) -> None:
    """Make a node another operator of tensors of one type; what it waits for stays."""
    controls = [reference for reference in node.input if reference[0] == "^"]
    node.op = op
    graph.set_inputs(node, [*inputs, *controls])
    node.attr.clear()
    node.attr["T"].type = data_type
