"""ONNX's operators in place of one of ONNX Runtime's: the nodes, their names and constants."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

_AXES_ARE_AN_INPUT = 18
"""The first opset whose means take their axes as an input."""
_SUMS = 13
"""The first opset whose sums, and whose new axes, are told so."""
Shape = list[int | None]


class Writer:
    """The nodes for one of ONNX Runtime's, whose names begin with its result's."""

    def __init__(
        self,
        node: onnx.NodeProto,
        opset: int,
        shapes: Mapping[str, Shape],
        weights: Mapping[str, onnx.TensorProto],
        plain: bool,
        used: Collection[str],
    ) -> None:
        self.node, self.opset, self.shapes = node, opset, shapes
        self.ranks = {name: len(shape) for name, shape in shapes.items()}
        self.weights, self.plain, self.used = weights, plain, used
        self.given = [*node.input, *[""] * 12]
        self.attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        self.nodes: list[onnx.NodeProto] = []

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """A node of ONNX's; its result."""
        name = f"{self.node.output[0]}_part_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def several(self, operator: str, count: int, *inputs: str) -> list[str]:
        """A node of ONNX's with more than one result; their names."""
        name = f"{self.node.output[0]}_part_{len(self.nodes)}"
        results = [f"{name}_{place}" for place in range(count)]
        self.nodes.append(helper.make_node(operator, inputs, results, name))
        return results

    def number(self, value: float) -> str:
        """A constant of float32."""
        return self.constant(np.array(value, np.float32))

    def constant(self, value: np.ndarray[Any, Any]) -> str:
        """A constant."""
        return self.add("Constant", value=numpy_helper.from_array(value))

    def mean(self, tensor: str, axes: list[int]) -> str:
        """The mean over axes, which stay with a size of 1."""
        return self.reduced("ReduceMean", tensor, axes)

    def reduced(self, operator: str, tensor: str, axes: list[int]) -> str:
        """A reduction (of sums alone see `total`) over axes, which stay with a size of 1."""
        if self.opset < _AXES_ARE_AN_INPUT:
            return self.add(operator, tensor, axes=axes)
        return self.add(operator, tensor, self._whole(axes))

    def total(self, tensor: str, axis: int) -> str:
        """The sum over an axis, which goes."""
        if self.opset < _SUMS:
            return self.add("ReduceSum", tensor, axes=[axis], keepdims=0)
        return self.add("ReduceSum", tensor, self._whole([axis]), keepdims=0)

    def unsqueeze(self, tensor: str, *axes: int) -> str:
        """New axes of size 1."""
        if self.opset < _SUMS:
            return self.add("Unsqueeze", tensor, axes=list(axes))
        return self.add("Unsqueeze", tensor, self._whole(axes))

    def reshape(self, tensor: str, sizes: Sequence[int]) -> str:
        """Other sizes: 0 for the one that is there, -1 for the one that is left."""
        return self.add("Reshape", tensor, self._whole(sizes))

    def part(self, tensor: str, axis: int, start: int, end: int) -> str:
        """What lies between two places along an axis."""
        return self.add("Slice", tensor, *(self._whole([n]) for n in (start, end, axis)))

    def pick(self, tensor: str, place: int, axis: int = 0) -> str:
        """One element of an axis, which goes."""
        return self.add("Gather", tensor, self.constant(np.array(place, np.int64)), axis=axis)

    def size(self, tensor: str, axis: int) -> str:
        """The size of an axis, an int64 scalar."""
        return self.pick(self.add("Shape", tensor), axis)

    def _whole(self, numbers: Sequence[int]) -> str:
        return self.constant(np.array(numbers, np.int64))

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
