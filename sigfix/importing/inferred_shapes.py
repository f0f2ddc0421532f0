"""What ONNX's shape inference says of a graph's tensors, without reading the weights."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import helper

from sigfix.importing.onnx_graph import shape_of

SMALL = 4096
"""Elements of an initialiser that shape inference may have to read."""
Shape = list[int | None]


def light_graph(model: onnx.ModelProto) -> onnx.GraphProto:
    """The graph's inputs and initialisers; large ones are inputs of their shape."""
    graph = onnx.GraphProto(name="shapes")
    graph.output.extend(helper.make_empty_tensor_value_info(o.name) for o in model.graph.output)
    given = {i.name for i in model.graph.initializer}
    graph.input.extend(v for v in model.graph.input if v.name not in given)
    for tensor in model.graph.initializer:
        if int(np.prod(tensor.dims)) > SMALL:
            dims = list(tensor.dims)
            graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, dims))
        else:
            graph.initializer.append(tensor)
    return graph


def inferred_types(model: onnx.ModelProto) -> dict[str, onnx.TypeProto]:
    """Tensor -> its type, as far as shape inference tells."""
    graph = light_graph(model)
    graph.node.extend(model.graph.node)
    probe = helper.make_model(graph, opset_imports=model.opset_import)
    probe.ir_version = model.ir_version
    inferred = onnx.shape_inference.infer_shapes(probe, data_prop=True).graph
    found = {
        t.name: helper.make_tensor_type_proto(t.data_type, t.dims) for t in inferred.initializer
    }
    found.update((v.name, v.type) for v in (*inferred.input, *inferred.value_info))
    found.update((v.name, v.type) for v in inferred.output)
    return found


def inferred_shapes(model: onnx.ModelProto) -> dict[str, Shape]:
    """Tensor -> its shape, None for each size that is dynamic; those of unknown rank left out."""
    return known_shapes(inferred_types(model))


def known_shapes(types: Mapping[str, onnx.TypeProto]) -> dict[str, Shape]:
    """The shapes in types, those of unknown rank left out."""
    return {
        name: shape_of(onnx.ValueInfoProto(name=name, type=kind))
        for name, kind in types.items()
        if kind.tensor_type.HasField("shape")
    }
