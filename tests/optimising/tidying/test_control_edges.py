"""Loops that read variables, branches of constants: in TF.js, which has no control inputs."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising.graph.graph import from_graph_def
from sigfix.optimising.tidying.control_edges import drop_control_edges
from tests.exporting.models import noise

SPEC = tf.TensorSpec([None, 3], tf.float32, "x")


class Reading(tf.Module):
    """A model that reads a variable in bodies of what TensorFlow makes a stateful While or If.

    Each of `MODELS` is an output.
    """

    def __init__(self):
        super().__init__()
        self.weights = tf.Variable(noise(3, 3) * 0.5, name="weights")

    @tf.function(input_signature=[SPEC])
    def serve(self, x):
        return {body.__name__: body(self, x) for body in MODELS}


def loop(module, x):
    for _ in tf.range(4):
        x = tf.tanh(tf.matmul(x, module.weights))
    return x


def two_loops(module, x):
    return loop(module, x) + loop(module, x + 1.0)


def loop_in_a_loop(module, x):
    for i in tf.range(3):
        x = loop(module, x) + tf.cast(i, tf.float32) * 0.1
    return x


def loop_that_writes_a_list(module, x):
    found = tf.TensorArray(tf.float32, size=3)
    for i in tf.range(3):
        x = tf.tanh(tf.matmul(x, module.weights))
        found = found.write(i, tf.reduce_sum(x, 0))
    return found.stack()


def two_lists(module, x):
    """Equal lists of two loops that run at once, as of a bidirectional layer."""
    return tf.concat([loop_that_writes_a_list(module, x), loop_that_writes_a_list(module, -x)], 0)


def branch(module, x):
    return tf.cond(tf.reduce_sum(x) > 0.0, lambda: tf.matmul(x, module.weights), lambda: x - 1.0)


MODELS = [loop, two_loops, loop_in_a_loop, loop_that_writes_a_list, two_lists, branch]


@pytest.mark.slow
@pytest.mark.skipif(not find_spec("tensorflowjs"), reason="tensorflowjs is absent")
@pytest.mark.parametrize("sign", [1, -1])
def test_tfjs_computes_the_same(sign, tmp_path, node_packages):
    from sigfix.pipeline.convert import ConvertOptions, convert

    module = Reading()
    tf.saved_model.save(module, str(tmp_path / "m"), signatures={"serving_default": module.serve})
    np.savez(tmp_path / "in.npz", x=sign * abs(noise(2, 3)))
    options = ConvertOptions(inputs=tmp_path / "in.npz")
    result = convert(tmp_path / "m", tmp_path / "web", options)
    (compared,) = result.comparisons
    assert {item.name: item.ok for item in compared.parity.outputs} == {
        body.__name__: True for body in MODELS
    }


def test_what_depends_on_constants_alone_keeps_its_control_inputs():
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, (3,), name="x")
        size, number = tf.constant([3]), tf.constant(2.0)
        with tf.control_dependencies([tf.nn.relu(x)]):
            filled = tf.fill(size, number)
            scaled = x * 3.0
        tf.identity(scaled + filled, name="y")
    graph = from_graph_def(graph.as_graph_def(), ["x"], ["y"])
    drop_control_edges(graph)
    left = {n.op: [r for r in n.input if r[0] == "^"] for n in graph.nodes.values()}
    assert {op: controls for op, controls in left.items() if controls} == {"Fill": ["^Relu"]}
