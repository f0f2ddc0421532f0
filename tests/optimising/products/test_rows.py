"""Dense layers on matrices: the same numbers, no reshapes between."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising.products.rows import use_rows
from tests.optimising.graphs import frozen, noise, operators, run

SHAPE = (None, 5, 4)


def check(build, *shape):
    graph = frozen(build, *(shape or SHAPE))
    x = noise(*(3 if n is None else n for n in (shape or SHAPE)))
    before = run(graph, x)
    use_rows(graph)
    graph.prune()
    np.testing.assert_allclose(run(graph, x), before, rtol=1e-5, atol=1e-5)
    return operators(graph)


def test_a_product_with_a_matrix_is_one_of_rows():
    found = check(lambda x: tf.matmul(x, noise(4, 6)))
    assert (found["MatMul"], found["Reshape"], found["BatchMatMulV2"]) == (1, 2, 0)
    found = check(lambda x: tf.matmul(x, noise(1, 6, 4), transpose_b=True))
    assert (found["MatMul"], found["BatchMatMulV2"]) == (1, 0)


@pytest.mark.parametrize(
    "build",
    [
        lambda x: tf.matmul(x, noise(3, 4, 6)),  # a matrix for each
        lambda x: tf.matmul(x, noise(5, 6), transpose_a=True),
        lambda x: tf.matmul(noise(6, 5), x),
        lambda x: tf.matmul(x, x, transpose_b=True),
    ],
)
def test_other_products_stay(build):
    found = check(build, 3, 5, 4)
    assert (found["MatMul"], found["BatchMatMulV2"]) == (0, 1)


def layer_norm(x):
    centred = x - tf.reduce_mean(x, -1, keepdims=True)
    deviation = tf.math.rsqrt(tf.reduce_mean(tf.square(centred), -1, keepdims=True) + 1e-5)
    return centred * deviation * noise(x.shape[-1], seed=2) + noise(1, 1, x.shape[-1], seed=3)


def test_what_stands_between_two_dense_layers_is_done_on_rows():
    def build(x):
        y = x + tf.matmul(layer_norm(tf.matmul(x, noise(4, 4))), noise(4, 4, seed=1))
        z = tf.nn.softmax(tf.matmul(tf.nn.relu(y), noise(4, 6)) + noise(6))
        return tf.matmul(z, noise(6, 2)) * 2.0

    found = check(build)
    assert (found["MatMul"], found["Reshape"]) == (4, 3)  # the input, for the sum again, the result


def test_sums_over_positions_and_their_constants_keep_the_shape():
    def build(x):
        y = tf.matmul(x, noise(4, 6)) + noise(1, 5, 6)
        return tf.reduce_mean(tf.nn.relu(y), 1)

    found = check(build)
    assert (found["MatMul"], found["Reshape"]) == (1, 2)


def test_reshapes_of_reshapes_are_one():
    found = check(lambda x: tf.reshape(tf.reshape(tf.reshape(x, [-1, 20]), [-1, 2, 10]), [-1, 4]))
    assert found["Reshape"] == 1
    found = check(lambda x: tf.nn.relu(tf.reshape(tf.reshape(x, [-1, 20]), [-1, 5, 4])))
    assert found["Reshape"] == 0
