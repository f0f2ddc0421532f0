"""Static shapes of a frozen graph, inferred by TensorFlow."""

from __future__ import annotations

from sigfix.optimising.graph import Graph


def infer_shapes(graph: Graph) -> dict[str, list[int | None]]:
    """Shape of each node's first output; nodes of unknown rank are left out."""
    import tensorflow as tf

    with tf.Graph().as_default() as tensorflow_graph:
        tf.import_graph_def(graph.graph_def(), name="")
    return {
        operation.name: operation.outputs[0].shape.as_list()
        for operation in tensorflow_graph.get_operations()
        if operation.outputs and operation.outputs[0].shape.rank is not None
    }
