"""Loop and Scan whose number of steps is known, written out step by step.

What comes out has no control flow, so TensorFlow.js computes it synchronously. A loop that asks in
its body whether to go on is left as it is, and so is one that would become a graph of its own size
times thousands.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from sigfix.importing.inferred_shapes import inferred_shapes
from sigfix.importing.shape_folding import values_by_batch

MOST_NODES = 20_000
"""Nodes that a loop may become."""
AXES_ARE_INPUTS = 13  # the opset from which Unsqueeze reads its axes
LOOPS = ("Loop", "Scan")


def unroll_loops(model: onnx.ModelProto) -> bool:
    """Write out the graph's loops whose steps are counted before it runs; whether there were any.

    A loop inside of a loop's body is written out once the outer one is.
    """
    any_unrolled = False
    while any(node.op_type in LOOPS for node in model.graph.node):
        constants, lengths = _constants(model), _Lengths(model)
        nodes: list[onnx.NodeProto] = []
        unrolled = False
        for node in model.graph.node:
            steps = _steps(node, constants, lengths)
            if steps is None:
                nodes.append(node)
            else:
                nodes.extend(_Unrolling(model, node, steps).nodes())
                unrolled = True
        if not unrolled:
            break
        any_unrolled = True
        copied = [onnx.NodeProto.FromString(n.SerializeToString()) for n in nodes]
        del model.graph.node[:]
        model.graph.node.extend(copied)
        del model.graph.value_info[:]
    return any_unrolled


class _Lengths:
    """The sizes of tensors, inferred when the first is asked for."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.model = model
        self.shapes: dict[str, list[int | None]] | None = None

    def along(self, name: str, axis: int) -> int | None:
        if self.shapes is None:
            self.shapes = inferred_shapes(self.model)
        shape = self.shapes.get(name, [])
        return shape[axis] if -len(shape) <= axis < len(shape) else None


def _constants(model: onnx.ModelProto) -> dict[str, Any]:
    """Tensors that are the same whatever is fed, by name."""
    found = {
        name: values[0]
        for name, values in (values_by_batch(model) or {}).items()
        if all(np.array_equal(v, values[0]) for v in values)
    }
    for tensor in model.graph.initializer:
        if int(np.prod(tensor.dims)) == 1:
            found[tensor.name] = numpy_helper.to_array(tensor)
    return found


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    """A node's attributes as Python values."""
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def _steps(node: onnx.NodeProto, constants: Mapping[str, Any], lengths: _Lengths) -> int | None:
    """How many steps a loop has; None for what is none, or is not written out."""
    if node.op_type not in LOOPS or node.domain not in ("", "ai.onnx"):
        return None
    attributes = attributes_of(node)
    body = attributes["body"]
    if node.op_type == "Loop":
        steps = constants.get(node.input[0]) if node.input[0] else None
        go = constants.get(node.input[1]) if len(node.input) > 1 and node.input[1] else True
        if steps is None or go is None or not goes_on(body):
            return None
        count = int(np.reshape(steps, -1)[0]) if np.all(go) else 0
    else:
        scanned = int(attributes["num_scan_inputs"])
        axes = list(attributes.get("scan_input_axes", [0] * scanned))
        found = {
            lengths.along(name, axis)
            for name, axis in zip(node.input[-scanned:], axes, strict=True)
        }
        length = next(iter(found))
        if len(found) > 1 or length is None:
            return None
        count = length
    empty = count == 0 and len(node.output) > _states(node, attributes)
    return None if empty or count * len(body.node) > MOST_NODES else max(count, 0)


def _states(node: onnx.NodeProto, attributes: Mapping[str, Any]) -> int:
    """How many values a loop hands from step to step."""
    if node.op_type == "Loop":
        return len(node.input) - 2
    return len(node.input) - int(attributes["num_scan_inputs"])


def goes_on(body: onnx.GraphProto) -> bool:
    """Whether a Loop's body always says that it goes on: what it was told, or a constant."""
    made = {o: node for node in body.node for o in node.output}
    name = body.output[0].name
    while name in made and made[name].op_type == "Identity":
        name = made[name].input[0]
    if name == body.input[1].name:  # a step is only taken where it holds
        return True
    values = [i for i in body.initializer if i.name == name]
    if name in made and made[name].op_type == "Constant":
        values = [a.t for a in made[name].attribute if a.name == "value"]
    return bool(values) and bool(numpy_helper.to_array(values[0]).all())


class _Unrolling:
    """One loop, written out."""

    def __init__(self, model: onnx.ModelProto, node: onnx.NodeProto, steps: int) -> None:
        self.model, self.node, self.steps = model, node, steps
        self.attributes = attributes_of(node)
        self.body: onnx.GraphProto = self.attributes["body"]
        self.scope = node.name or node.output[0]
        self.opset = next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))

    def nodes(self) -> Iterator[onnx.NodeProto]:
        """All steps, and what makes the loop's outputs of them."""
        is_loop = self.node.op_type == "Loop"
        count = _states(self.node, self.attributes)
        inputs = list(self.node.input)
        states = inputs[2:] if is_loop else inputs[:count]
        written: list[list[str]] = [[] for _ in self.node.output[count:]]
        for step in range(self.steps):
            if is_loop:
                first = [self._constant(np.array(step)), self._constant(np.array(True))]
                given = [*first, *states]
            else:
                items = [self._item(i, step) for i in range(len(inputs) - count)]
                yield from items
                given = [*states, *(item.output[0] for item in items)]
            made = yield from self._step(step, given)
            made = made[1:] if is_loop else made
            states = made[:count]
            for results, name in zip(written, made[count:], strict=False):
                results.append(name)
        for state, output in zip(states, self.node.output, strict=False):
            if output:
                yield helper.make_node("Identity", [state], [output])
        for place, (names, output) in enumerate(
            zip(written, self.node.output[count:], strict=True)
        ):
            if output:
                yield from self._stacked(names, output, place)

    def _constant(self, value: Any) -> str:
        name = f"{self.scope}/{value.dtype.name}_{value.reshape(-1).tolist()}"
        if not any(i.name == name for i in self.model.graph.initializer):
            self.model.graph.initializer.append(numpy_helper.from_array(value, name))
        return name

    def _item(self, place: int, step: int) -> onnx.NodeProto:
        """A Scan's input at a step."""
        scanned = int(self.attributes["num_scan_inputs"])
        axis = list(self.attributes.get("scan_input_axes", [0] * scanned))[place]
        backward = list(self.attributes.get("scan_input_directions", [0] * scanned))[place]
        at = self._constant(np.array(self.steps - 1 - step if backward else step))
        name = self.node.input[-scanned + place]
        made = f"{self.scope}/{step}/item_{place}"
        return helper.make_node("Gather", [name, at], [made], axis=axis)

    def _step(self, step: int, given: Sequence[str]) -> Generator[onnx.NodeProto, None, list[str]]:
        """The body's nodes under names of their own; returns what its outputs are called."""
        names = {v.name: own for v, own in zip(self.body.input, given, strict=True)}
        for tensor in self.body.initializer:  # the same at every step
            names[tensor.name] = f"{self.scope}/{tensor.name}"
            if step == 0:
                kept = self.model.graph.initializer.add()
                kept.CopyFrom(tensor)
                kept.name = names[tensor.name]
        names.update({name: f"{self.scope}/{step}/{name}" for name in _made(self.body.node)})
        for node in self.body.node:
            copied = onnx.NodeProto.FromString(node.SerializeToString())
            copied.name = node.name or ", ".join(node.output)  # as the file calls it
            _rename(copied, names)
            yield copied
        return [names.get(o.name, o.name) for o in self.body.output]

    def _stacked(self, names: list[str], output: str, place: int) -> Iterator[onnx.NodeProto]:
        """What the steps wrote, along a new axis."""
        axis = (list(self.attributes.get("scan_output_axes", [])) or [0] * (place + 1))[place]
        turned = list(self.attributes.get("scan_output_directions", [])) or [0] * (place + 1)
        rows = []
        for step, name in enumerate(names):
            row = f"{self.scope}/{step}/row_{place}"
            rows.append(row)
            if self.opset < AXES_ARE_INPUTS:
                yield helper.make_node("Unsqueeze", [name], [row], axes=[axis])
            else:
                axes = self._constant(np.array([axis]))
                yield helper.make_node("Unsqueeze", [name, axes], [row])
        rows = rows[::-1] if turned[place] else rows
        yield helper.make_node("Concat", rows, [output], axis=axis)


def _made(nodes: Iterable[onnx.NodeProto]) -> Iterator[str]:
    """The tensors that nodes make, and graphs inside of them: a branch may come out of its If."""
    for node in nodes:
        yield from (o for o in node.output if o)
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                yield from (v.name for v in (*graph.input, *graph.initializer))
                yield from _made(graph.node)


def _rename(node: onnx.NodeProto, names: Mapping[str, str]) -> None:
    """Let a node, and the graphs inside of it, read and make tensors under other names."""
    node.input[:] = [names.get(i, i) for i in node.input]
    node.output[:] = [names.get(o, o) for o in node.output]
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs):
            for inner in graph.node:
                _rename(inner, names)
            for value in (*graph.input, *graph.output, *graph.initializer):
                value.name = names.get(value.name, value.name)
