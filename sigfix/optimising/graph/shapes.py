"""Static shapes of a frozen graph, inferred by TensorFlow."""

from __future__ import annotations

from functools import lru_cache

from sigfix.optimising.graph.graph import Graph

Shapes = dict[str, list[int | None]]

# TensorFlow's inference reads the values of shape operands, which are small.
LARGEST_VALUE = 4096
"""Bytes of a constant that inference may need the value of."""


def infer_shapes(graph: Graph) -> Shapes:
    """Shape of each output, by reference (`a`, `a:1`); those of unknown rank are left out."""
    weights = {
        name
        for name, node in graph.nodes.items()
        if node.op == "Const" and node.attr["value"].tensor.ByteSize() > LARGEST_VALUE
    }
    return dict(_inferred(graph.graph_def(weights).SerializeToString(deterministic=True)))


@lru_cache(maxsize=2)
def _inferred(definition: bytes) -> Shapes:
    """A pass that changes nothing leaves the next one the same graph: it is not inferred again."""
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        tf.import_graph_def(tf.compat.v1.GraphDef.FromString(definition), name="")
    shapes: Shapes = {}
    for operation in graph.get_operations():
        for port, output in enumerate(operation.outputs):
            if output.shape.rank is not None:
                name = str(operation.name)
                shapes[f"{name}:{port}" if port else name] = output.shape.as_list()
    return shapes
