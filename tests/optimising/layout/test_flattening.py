"""Flatten and dense layer: the transpose goes into the weights, the numbers stay."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising.layout.flattening import fold_flattened_transposes
from sigfix.optimising.layout.layout import use_nhwc
from sigfix.optimising.tidying.duplicates import merge_duplicates
from tests.optimising.graphs import frozen, noise, operators, run

SHAPE = (None, 3, 4, 2)
SIZE = 24


def check(build, shape=SHAPE, before=lambda graph: None):
    graph = frozen(build, *shape)
    x = noise(*(5 if n is None else n for n in shape))
    expected = run(graph, x)
    before(graph)
    fold_flattened_transposes(graph)
    graph.prune()
    np.testing.assert_allclose(run(graph, x), expected, rtol=1e-5, atol=1e-5)
    return operators(graph)


def flat(x, order=(0, 3, 1, 2)):
    return tf.reshape(tf.transpose(x, order), [-1, SIZE])


@pytest.mark.parametrize("order", [(0, 3, 1, 2), (0, 2, 1, 3), (0, 3, 2, 1)])
@pytest.mark.parametrize("turned", [False, True])
def test_the_order_goes_into_the_weights(order, turned):
    weights = noise(7, SIZE) if turned else noise(SIZE, 7)
    found = check(lambda x: tf.matmul(flat(x, order), weights, transpose_b=turned) + noise(7))
    assert (found["Transpose"], found["Reshape"], found["MatMul"]) == (0, 1, 1)


def test_through_activations_and_into_two_layers_that_share_weights():
    def build(x):
        y, w = flat(x), tf.constant(noise(SIZE, 7))
        return tf.matmul(tf.nn.relu(y), w) - tf.matmul(tf.tanh(tf.nn.elu(y)), w)

    assert check(build)["Transpose"] == 0


def test_a_classifier_of_channels_first():
    """Convolution, pool, flatten, dense, as torchvision's: the transposes that are left go."""

    def build(x):
        y = tf.transpose(tf.nn.conv2d(x, noise(3, 3, 3, 4), 1, "SAME"), [0, 3, 1, 2])
        y = tf.nn.relu(y + noise(4, 1, 1, seed=1))
        pooled = tf.nn.max_pool2d(tf.transpose(y, [0, 2, 3, 1]), 2, 2, "VALID")
        y = tf.reshape(tf.transpose(pooled, [0, 3, 1, 2]), [-1, 4 * 3 * 3])
        return tf.matmul(tf.nn.relu(tf.matmul(y, noise(36, 8)) + noise(8)), noise(8, 2))

    assert check(build, (None, 6, 6, 3), use_nhwc)["Transpose"] == 0


@pytest.mark.parametrize(
    "build",
    [
        flat,  # an output
        lambda x: tf.matmul(flat(x), noise(SIZE, 7)) + tf.reduce_max(flat(x)),
        lambda x: tf.matmul(flat(x) * noise(SIZE), noise(SIZE, 7)),
        lambda x: tf.matmul(flat(x), flat(x), transpose_a=True),
        lambda x: tf.matmul(tf.reshape(tf.transpose(x, (0, 3, 1, 2)), [-1, 12]), noise(12, 7)),
        lambda x: tf.matmul(flat(x, (1, 0, 2, 3)), noise(SIZE, 7)),
    ],
)
def test_what_reads_the_order_otherwise_keeps_it(build):
    assert check(build, before=merge_duplicates)["Transpose"] == 1
