"""ONNX's operators in place of one of ONNX Runtime's: the nodes, their names and constants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

_AXES_ARE_AN_INPUT = 18
"""The first opset whose means take their axes as an input."""


class Writer:
    """The nodes for one of ONNX Runtime's, whose names begin with its result's."""

    def __init__(
        self,
        node: onnx.NodeProto,
        opset: int,
        ranks: Mapping[str, int],
        kinds: Mapping[str, int],
        plain: bool,
    ) -> None:
        self.node, self.opset, self.ranks = node, opset, ranks
        self.kinds, self.plain = kinds, plain
        self.given = [*node.input, *[""] * 6]
        self.attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        self.nodes: list[onnx.NodeProto] = []

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """A node of ONNX's; its result."""
        name = f"{self.node.output[0]}_part_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def number(self, value: float) -> str:
        """A constant of float32."""
        return self.constant(np.array(value, np.float32))

    def constant(self, value: np.ndarray[Any, Any]) -> str:
        """A constant."""
        return self.add("Constant", value=numpy_helper.from_array(value))

    def mean(self, tensor: str, axes: list[int]) -> str:
        """The mean over axes, which stay with a size of 1."""
        if self.opset < _AXES_ARE_AN_INPUT:
            return self.add("ReduceMean", tensor, axes=axes)
        return self.add("ReduceMean", tensor, self.constant(np.array(axes, np.int64)))

    def named(self, result: str, place: int) -> str:
        """Call what a node of these puts out as the output at `place`, where that is used."""
        name = self.node.output[place] if place < len(self.node.output) else ""
        if not name:
            return result
        for node in self.nodes:
            for names in (node.input, node.output):
                names[:] = [name if own == result else own for own in names]
        return name

    def finished(self, result: str) -> list[onnx.NodeProto]:
        """All of them; the last one is called as the node that they are for."""
        last = next(node for node in self.nodes if node.output[0] == result)
        last.output[0], last.name = self.node.output[0], self.node.name or self.node.output[0]
        return self.nodes
