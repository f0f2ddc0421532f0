"""What the inputs of a frozen graph may be: rows of tables, flags, types that they are cast to."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.exporting.input_limits import input_limits
from sigfix.optimising.graph.graph import from_graph_def
from sigfix.planning.edits import InputPlan
from sigfix.planning.steps import Cast
from sigfix.verifying.inputs.cases import made_up

TABLE = np.ones([7, 3], np.float32)
BUILDS = {
    "ids": (tf.int32, lambda x: tf.gather(TABLE, x), (0, 6)),
    "columns": (tf.int32, lambda x: tf.gather(TABLE, x, axis=1), (0, 2)),
    "two tables": (
        tf.int64,
        lambda x: tf.gather(TABLE, tf.reshape(x, [-1])) + tf.gather(TABLE[:4], x[0]),
        (0, 3),
    ),
    "mask": (tf.int32, lambda x: (1.0 - tf.cast(x, tf.float32)) * -1e9, (0, 1)),
    "flag": (tf.int32, lambda x: tf.cast(tf.cast(x[:, None], tf.bool), tf.float32), (0, 1)),
    "picture": (tf.float32, lambda x: tf.cast(tf.cast(x, tf.uint8), tf.float32), (0, 255)),
    "anything": (tf.int32, lambda x: tf.cast(x, tf.float32) * 2.0, None),
    "what is looked up in": (tf.float32, lambda x: tf.gather(x, [0, 1]), None),
}


@pytest.mark.parametrize("name", BUILDS)
def test_read_off_the_graph(name):
    dtype, build, expected = BUILDS[name]
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(dtype, [2], name="x")
        tf.identity(build(x), name="y")
    limits = input_limits(from_graph_def(graph.as_graph_def(), ["x"], ["y"]), {"key": "x"})
    assert limits == ({} if expected is None else {"key": expected})


def drawn(dtype, limits=None, name="x", steps=()):
    plan = InputPlan(name, dtype, (None, 50), "x", steps=steps)
    first = next(made_up([plan], limits=limits)[0].attempts())[name]
    assert first.dtype == dtype
    return float(first.min()), float(first.max())


def test_what_is_drawn_is_within():
    assert drawn("int32", {"x": (0, 3000)})[1] > 100
    assert drawn("int32", {"x": (-9, -5)}) == (-9, -5)
    assert drawn("int32", name="attention_mask") == (0, 1)
    low, high = drawn("float32", {"x": (0, 255)})
    assert low >= 0 and 50 < high <= 255
    low, high = drawn("float32", steps=(Cast("uint8"),))
    assert low >= 0 and high <= 255
    low, high = drawn("float32", steps=(Cast("int32"),))
    assert low >= 0 and 1 < high <= 9
