"""Static shapes of a frozen graph, inferred by TensorFlow."""

from __future__ import annotations

from typing import Any

from tensorflow.core.framework import graph_pb2, node_def_pb2

from sigfix.optimising.graph import Graph

Shapes = dict[str, list[int | None]]

# TensorFlow's inference reads the values of shape operands, which are small.
LARGEST_VALUE = 4096
"""Bytes of a constant that inference may need the value of."""


def infer_shapes(graph: Graph) -> Shapes:
    """Shape of each output, by reference (`a`, `a:1`); those of unknown rank are left out."""
    import tensorflow as tf

    with tf.Graph().as_default() as tensorflow_graph:
        tf.import_graph_def(_without_weights(graph), name="")
    shapes: Shapes = {}
    for operation in tensorflow_graph.get_operations():
        for port, output in enumerate(operation.outputs):
            if output.shape.rank is not None:
                name = str(operation.name)
                shapes[f"{name}:{port}" if port else name] = output.shape.as_list()
    return shapes


def _without_weights(graph: Graph) -> Any:
    """The graph with its large constants as placeholders: nothing is copied but shapes."""
    definition = graph_pb2.GraphDef()
    for node in graph.ordered():
        tensor = node.attr["value"].tensor if node.op == "Const" else None
        if tensor is not None and tensor.ByteSize() > LARGEST_VALUE:
            standing_in = node_def_pb2.NodeDef(name=node.name, op="Placeholder")
            standing_in.attr["dtype"].type = tensor.dtype
            standing_in.attr["shape"].shape.CopyFrom(tensor.tensor_shape)
            definition.node.append(standing_in)
        else:
            definition.node.append(node)
    if graph.library is not None:
        definition.library.CopyFrom(graph.library)
    if graph.versions is not None:
        definition.versions.CopyFrom(graph.versions)
    return definition
