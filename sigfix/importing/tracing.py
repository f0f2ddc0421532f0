"""A walk over an ONNX graph that emits sigfix's operators into the current TensorFlow graph."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import onnx
import tensorflow as tf
from onnx import helper, numpy_helper

from sigfix.describing.scopes import scope_name
from sigfix.errors import ConversionError, SigfixError
from sigfix.importing import preflight
from sigfix.importing.kernels import missing_kernel
from sigfix.importing.operators.registry import Node, expressed
from sigfix.importing.static_values import shared_constant


def trace(model: onnx.ModelProto, inputs: dict[str, Any]) -> dict[str, Any]:
    """Emit the model's operators into the current TensorFlow graph.

    `inputs` maps each graph input (initializers excluded) to a tensor in the layout that ONNX
    gives it. Returns the graph's outputs by name, in ONNX's layout.

    Raises `ConversionError` naming every node that is not supported, before anything is emitted,
    and one that names the node where TensorFlow cannot express it.
    """
    importlib.import_module("sigfix.importing.operators")  # registers them
    preflight.check(model)
    weights = {
        i.name: tf.constant(numpy_helper.to_array(i))
        for i in model.graph.initializer
        if i.name not in inputs
    }
    tracer = _Tracer(preflight.opset_of(model), tf.compat.v1.get_default_graph())
    tensors = tracer.emit(model.graph, weights | inputs)
    _check_kernels(tracer.graph, tracer.emitted)
    made_by_none = [o.name for o in model.graph.output if o.name not in tensors]
    if made_by_none:
        raise ConversionError(f"the ONNX model's output {made_by_none[0]} is made by no node.")
    return {output.name: tensors[output.name] for output in model.graph.output}


@dataclass
class _Tracer:
    """`emitted` are the nodes so far, each with the number of operations that there were after."""

    opset: int
    graph: Any
    emitted: list[tuple[Node, int]] = field(default_factory=list)

    def emit(self, graph: onnx.GraphProto, tensors: dict[str, Any]) -> dict[str, Any]:
        """Emit a graph's nodes; what there is then, by name, `tensors` included."""
        tensors = dict(tensors)
        for proto in graph.node:
            node = self._node(proto, tensors)
            for name in proto.input:
                if name and name not in tensors:
                    raise node.refuse(f"its input {name} is made by no node before it")
            try:
                with tf.name_scope(scope_name(next(filter(None, proto.output), ""))):
                    outputs = expressed(node, [tensors[i] if i else None for i in proto.input])
            except SigfixError:
                raise
            except Exception as error:  # TensorFlow raises many kinds for what it cannot express
                raise node.fault(error) from error
            tensors.update(zip(proto.output, outputs, strict=False))  # the first few may be all
            if tf.compat.v1.get_default_graph() is self.graph:  # not that of a loop's body
                self.emitted.append((node, self.graph.num_operations()))
        return tensors

    def _node(self, proto: onnx.NodeProto, around: dict[str, Any]) -> Node:
        attributes = {a.name: helper.get_attribute_value(a) for a in proto.attribute}
        version = onnx.defs.get_schema(proto.op_type, self.opset).since_version
        name = proto.name or ", ".join(proto.output)

        def inner(graph: onnx.GraphProto, inputs: Sequence[Any]) -> list[Any]:
            own = {i.name: shared_constant(numpy_helper.to_array(i)) for i in graph.initializer}
            own.update(zip((v.name for v in graph.input), inputs, strict=True))
            made = self.emit(graph, around | own)
            return [made[output.name] for output in graph.output]

        return Node(proto.op_type, version, name, attributes, len(proto.output), inner)


def _check_kernels(graph: Any, emitted: list[tuple[Node, int]]) -> None:
    """Raise the `ConversionError` of the first node whose operators no processor computes."""
    operations, place = graph.get_operations(), 0
    for node, end in emitted:
        for operation in operations[place:end]:
            missing = missing_kernel(operation)
            if missing:
                raise node.refuse(f"TensorFlow has no {missing} on a processor")
        place = max(place, end)
