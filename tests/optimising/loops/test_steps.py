"""What all steps do with their inputs, once; and what looks like it."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising.loops.steps import compute_at_once
from sigfix.optimising.tidying.duplicates import merge_duplicates
from tests.optimising import graphs
from tests.optimising.graphs import noise, operators, run

STEPS, WIDTH, UNITS = 4, 3, 5
WEIGHTS, OTHER = noise(WIDTH, UNITS), noise(WIDTH, UNITS, seed=1)
STATE, BIAS = noise(UNITS, UNITS, seed=2), noise(UNITS, seed=3)


def frozen(build, *shape):
    """The graph of `build`, in which equal weights are one constant."""
    graph = graphs.frozen(build, *shape)
    merge_duplicates(graph)
    return graph


def recurrent(x):
    """The bias behind the sum, as Keras writes an LSTM."""
    h = tf.zeros([tf.shape(x)[0] // STEPS, UNITS])
    for part in tf.split(x, STEPS, 0):
        h = tf.tanh(tf.nn.bias_add(tf.matmul(part, WEIGHTS) + tf.matmul(h, STATE), BIAS))
    return h


def gates(x):
    """Cut along the columns after the product, by a split or by slices."""
    total = 0.0
    for part in tf.split(x, STEPS, 0):
        product = tf.matmul(part, WEIGHTS) + BIAS
        first, second = tf.split(tf.matmul(part, noise(WIDTH, 6)), 2, 1)
        total = tf.tanh(total * 0.5 + product[:, :3] * first + tf.sigmoid(product[:, 2:]) + second)
    return total


def images(x):
    total = 0.0
    for part in tf.split(tf.reshape(x, [-1, 1, 1, WIDTH]), STEPS, 0):
        total = tf.tanh(total + tf.nn.conv2d(part, WEIGHTS[None, None], 1, "SAME"))
    return total


@pytest.mark.parametrize(
    ("build", "operator", "left"),
    [(recurrent, "MatMul", 1 + STEPS), (gates, "MatMul", 2), (images, "Conv2D", 1)],
)
def test_one_product_for_all_steps(build, operator, left):
    graph, x = frozen(build, None, WIDTH), noise(2 * STEPS, WIDTH, seed=5)
    before = run(graph, x)
    assert compute_at_once(graph) > 0
    assert operators(graph)[operator] == left
    np.testing.assert_allclose(run(graph, x), before, atol=1e-6)
    assert compute_at_once(graph) == 0


def other_weights(x):
    parts = tf.split(x, 2, 0)
    return tf.matmul(parts[0], WEIGHTS) + tf.matmul(parts[1], OTHER)


def not_every_part(x):
    first, second, _ = tf.split(x, 3, 0)
    return tf.matmul(first, WEIGHTS) + tf.matmul(second, WEIGHTS)


def turned(x):
    first, second = tf.split(x, 2, 0)
    matrix = noise(2, 2)
    return tf.matmul(first, matrix, transpose_a=True) + tf.matmul(second, matrix, transpose_a=True)


def by_the_part(x):
    """A part is the second factor: its rows are summed over."""
    first, second = tf.split(x, 2, 0)
    return tf.matmul(noise(2, 2), first) + tf.matmul(noise(2, 2), second)


def of_as_many_axes(x):
    """A constant that has a value for each row of a part."""
    first, second = tf.split(x, 2, 0)
    rows = noise(2, 1)
    return (first + rows) * (second + rows)


def some_rows(x):
    first, second = tf.split(x, 2, 0)
    return first[1:] * second[1:]


def along_the_columns(x):
    return tf.add_n([tf.matmul(part, noise(1, 2)) for part in tf.split(x, WIDTH, 1)])


@pytest.mark.parametrize(
    "build",
    [other_weights, turned, by_the_part, of_as_many_axes, some_rows, along_the_columns],
)
def test_near_misses_stay(build):
    graph = frozen(build, 4, WIDTH)
    before = operators(graph)
    assert compute_at_once(graph) == 0
    assert operators(graph) == before


def test_not_every_part_stays():
    assert compute_at_once(frozen(not_every_part, 6, WIDTH)) == 0


def test_an_output_keeps_its_name():
    def build(x):
        first, second = tf.split(x, 2, 0)
        return tf.matmul(first, WEIGHTS) + tf.matmul(second, WEIGHTS)

    graph, x = frozen(build, None, WIDTH), noise(6, WIDTH)
    before = run(graph, x)
    assert compute_at_once(graph) == 1
    assert graph.outputs == ("y",)
    np.testing.assert_allclose(run(graph, x), before, atol=1e-6)
