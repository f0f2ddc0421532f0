"""Static shapes of a frozen graph, inferred by TensorFlow."""

from __future__ import annotations

from sigfix.optimising.graph import Graph

Shapes = dict[str, list[int | None]]

# TensorFlow's inference reads the values of shape operands, which are small.
LARGEST_VALUE = 4096
"""Bytes of a constant that inference may need the value of."""


def infer_shapes(graph: Graph) -> Shapes:
    """Shape of each output, by reference (`a`, `a:1`); those of unknown rank are left out."""
    import tensorflow as tf

    weights = {
        name
        for name, node in graph.nodes.items()
        if node.op == "Const" and node.attr["value"].tensor.ByteSize() > LARGEST_VALUE
    }
    with tf.Graph().as_default() as tensorflow_graph:
        tf.import_graph_def(graph.graph_def(weights), name="")
    shapes: Shapes = {}
    for operation in tensorflow_graph.get_operations():
        for port, output in enumerate(operation.outputs):
            if output.shape.rank is not None:
                name = str(operation.name)
                shapes[f"{name}:{port}" if port else name] = output.shape.as_list()
    return shapes
