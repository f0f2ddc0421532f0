"""Shape arithmetic with a dynamic batch: folded as far as it is static."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising.shapes.static_shapes import fold_static_shapes
from tests.optimising.graphs import frozen, noise, operators, run

ARITHMETIC = {"Shape", "StridedSlice", "Pack", "Mul", "Sub", "Prod", "Cast", "ConcatV2", "GatherV2"}


def flattened(x):
    return tf.reshape(x, [tf.shape(x)[0], tf.reduce_prod(tf.shape(x)[1:])])


def rest_worked_out(x):
    return tf.reshape(x, [tf.shape(x)[0], -1, 2])


def middle_of_the_network(x):
    y = tf.nn.max_pool2d(tf.nn.relu(x), 2, 2, "VALID")
    return tf.reshape(y, tf.concat([tf.shape(y)[:1], [tf.shape(y)[1] * tf.shape(y)[2], 2]], 0))


def doubled(x):
    size = tf.cast(tf.cast(tf.shape(x)[1:3], tf.float32) * [2.0, 1.5], tf.int32)
    return tf.compat.v1.image.resize_bilinear(x, size)


def resized_twice(x):
    return doubled(doubled(x))


def cropped(x):
    n = tf.shape(x)
    return tf.slice(x, [0, 1, 1, 0], tf.stack([n[0], n[1] - 2, n[2] - 1, n[3]]))


def without_last_row(x):
    n = tf.shape(x)
    return tf.strided_slice(x, [0, 0], [n[0], n[1] - 1])


def gathered(x):
    return tf.reshape(x, tf.gather(tf.shape(x), [0, 2, 1, 3]))


MODELS = [
    flattened,
    rest_worked_out,
    middle_of_the_network,
    doubled,
    resized_twice,
    cropped,
    without_last_row,
    gathered,
]


@pytest.mark.parametrize("build", MODELS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("batch", [1, 3])
def test_nothing_is_left_at_run_time(build, batch):
    graph = frozen(build, None, 6, 8, 2)
    x = noise(batch, 6, 8, 2)
    before = run(graph, x)
    assert fold_static_shapes(graph) > 0
    left = set(operators(graph)) & ARITHMETIC
    assert left <= ({"StridedSlice"} if build is without_last_row else set())
    np.testing.assert_array_equal(run(graph, x), before)


def test_the_batch_is_read_from_the_input():
    def build(x):
        y = tf.nn.relu(x)
        z = tf.sigmoid(y)
        return y + tf.random.stateless_uniform([tf.shape(y)[0], 2], [1, 2]) * tf.cast(
            tf.shape(z)[0], tf.float32
        )

    graph = frozen(build, None, 2)
    before = run(graph, noise(3, 2))
    fold_static_shapes(graph)
    (shape,) = (n for n in graph.nodes.values() if n.op == "Shape")
    assert shape.input[0] == "x"
    np.testing.assert_array_equal(run(graph, noise(3, 2)), before)


def test_a_batch_that_went_through_casts_is_read_from_the_input():
    def build(x):
        y = tf.nn.relu(x)
        sizes = tf.concat([tf.gather(tf.shape(y, tf.int64), [0]), [1, 1]], 0)
        batch = tf.cast(sizes, tf.int32)[0]
        token = tf.broadcast_to(noise(1, 1, 2), tf.stack([batch, 1, 2]))
        return tf.concat([token, y], 1)

    graph = frozen(build, None, 3, 2)
    before = run(graph, noise(3, 3, 2))
    fold_static_shapes(graph)
    found = operators(graph)
    assert (found["Shape"], found["StridedSlice"], found["Pack"]) == (1, 1, 1)
    assert not {"GatherV2", "Cast"} & set(found)
    np.testing.assert_array_equal(run(graph, noise(3, 3, 2)), before)


def test_two_dynamic_sizes_are_left_alone():
    graph = frozen(lambda x: tf.reshape(x, [tf.shape(x)[0], tf.shape(x)[1], 4]), None, None, 2, 2)
    before = run(graph, noise(2, 3, 2, 2))
    fold_static_shapes(graph)
    assert "Pack" in operators(graph)
    np.testing.assert_array_equal(run(graph, noise(2, 3, 2, 2)), before)


def test_another_batch_is_not_taken_for_the_inputs():
    """What is gathered, masked or repeated has a size of its own."""

    def build(x):
        y = tf.boolean_mask(x, x[:, 0] > 0)
        return tf.reshape(y, [tf.shape(y)[0], -1])

    graph = frozen(build, None, 2, 2)
    x = np.abs(noise(4, 2, 2))
    x[1, 0] = -1
    graph = frozen(lambda v: build(v[:, 0]), None, 2, 2)
    before = run(graph, x)
    fold_static_shapes(graph)
    np.testing.assert_array_equal(run(graph, x), before)
    assert before.shape[0] < 4
