"""Casts between types that TensorFlow.js has as one."""

from __future__ import annotations

import tensorflow as tf

from sigfix.optimising.kernels.same_casts import drop_same_casts
from tests.optimising.graphs import frozen, operators


def test_what_tfjs_tells_apart_stays():
    def build(x):
        half = tf.nn.relu(tf.cast(x, tf.float16))
        whole = tf.cast(tf.cast(half, tf.float32) * 3, tf.int32)
        return tf.cast(tf.cast(tf.cast(whole, tf.int64) + 1, tf.int32) > 2, tf.float32)

    graph, _ = frozen(build, None, 5), None
    assert operators(graph)["Cast"] == 6
    assert drop_same_casts(graph) == 4
    kept = {(node.attr["SrcT"].type, node.attr["DstT"].type)
            for node in graph.nodes.values() if node.op == "Cast"}  # fmt: skip
    assert kept == {(tf.float32.as_datatype_enum, tf.int32.as_datatype_enum),
                    (tf.bool.as_datatype_enum, tf.float32.as_datatype_enum)}  # fmt: skip
    assert drop_same_casts(graph) == 0


def test_an_output_keeps_its_name():
    graph = frozen(lambda x: tf.cast(x, tf.float16), None, 5)
    names = [name for name in graph.outputs if graph.nodes[name.removesuffix(":0")].op == "Cast"]
    assert drop_same_casts(graph) == (0 if names else 1)
    assert all(name.removesuffix(":0") in graph.nodes for name in graph.outputs)
