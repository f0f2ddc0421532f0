"""Calls of functions that freezing leaves, replaced by what they do.

A function that is to be compiled as one (`jit_compile=True`, as Keras has it around convolutions
in groups), or is marked as not to be inlined, stays a call. TensorFlow.js has no calls.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

CALLS = ("PartitionedCall", "StatefulPartitionedCall")
MARKS = ("_XlaMustCompile", "_noinline", "_XlaSeparateCompiledGradients", "_XlaHasReferenceVars")


def inline_calls(definition: Any, outputs: Sequence[str]) -> None:
    """Replace the calls of a frozen GraphDef, in place; `outputs` are nodes that must stay."""
    if not any(node.op in CALLS for node in definition.node):
        return
    import tensorflow as tf
    from tensorflow.core.protobuf import config_pb2
    from tensorflow.python.grappler import tf_optimizer
    from tensorflow.python.training.saver import export_meta_graph

    functions = definition.library.function
    for item in (*definition.node, *functions, *(n for f in functions for n in f.node_def)):
        for mark in MARKS:
            item.attr.pop(mark, None)
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
        meta_graph = export_meta_graph(graph_def=definition, graph=graph)
    fetched = meta_graph.collection_def["train_op"].node_list.value
    fetched.extend(name for name in outputs if name not in fetched)
    config = config_pb2.ConfigProto()
    options = config.graph_options.rewrite_options
    options.optimizers[:] = ["function"]
    options.min_graph_nodes = -1
    options.meta_optimizer_iterations = options.ONE
    definition.CopyFrom(tf_optimizer.OptimizeGraph(config, meta_graph))
