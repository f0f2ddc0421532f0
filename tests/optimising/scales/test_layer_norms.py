"""Layer norms in fewer operators."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from sigfix.optimising.scales.centring import centre_streams
from sigfix.optimising.scales.layer_norms import centre_layer_norms
from sigfix.optimising.scales.scale_folding import fold_scales
from tests.optimising.graphs import frozen, noise, operators, run

SHAPE = (None, 5, 6)


def check(build, *passes):
    """The operators that are left; the input's mean is far from zero."""
    graph = frozen(build, *SHAPE)
    x = noise(2, 5, 6) + 3
    before = run(graph, x)
    for each in passes:
        each(graph)
    graph.prune()
    np.testing.assert_allclose(run(graph, x), before, rtol=1e-4, atol=1e-4)
    return operators(graph)


def keras_layer_norm(x, seed=0):
    mean, variance = tf.nn.moments(x, -1, keepdims=True)
    return tf.nn.batch_normalization(
        x, mean, variance, noise(6, seed=seed), noise(6, seed=seed + 1), 1e-3
    )


def test_keras_form_is_centred_first_and_its_scales_fold():
    found = check(
        lambda x: tf.matmul(tf.reshape(keras_layer_norm(x), [-1, 6]), noise(6, 3)),
        centre_layer_norms,
        fold_scales,
    )
    assert found["Mul"] == found["Sub"] == found["Square"] == 1
    assert "SquaredDifference" not in found


def test_an_instance_norm_is_written_in_the_same_way():
    def build(x):
        mean, variance = tf.nn.moments(x, 1, keepdims=True)
        return tf.nn.batch_normalization(x, mean, variance, noise(6), noise(6), 1e-3)

    assert "SquaredDifference" not in check(build, centre_layer_norms)


def test_a_mean_of_something_else_is_left_alone():
    def build(x):
        mean, variance = tf.nn.moments(tf.nn.relu(x), -1, keepdims=True)
        return tf.nn.batch_normalization(x, mean, variance, noise(6), noise(6), 1e-3)

    assert check(build, centre_layer_norms)["SquaredDifference"] == 1


def layer_norm(x):
    centred = x - tf.reduce_mean(x, -1, keepdims=True)
    deviation = tf.math.rsqrt(tf.reduce_mean(tf.square(centred), -1, keepdims=True) + 1e-5)
    return centred * deviation


def dense(x, outputs, seed=1):
    rows = tf.reshape(x, [-1, x.shape[-1]])
    y = tf.matmul(rows, noise(x.shape[-1], outputs, seed=seed)) + noise(outputs, seed=seed)
    return tf.reshape(y, [-1, *x.shape[1:-1], outputs])


def stream(x):
    """What a small vision transformer does, attention left out."""
    token = tf.broadcast_to(noise(1, 1, 8), tf.stack([tf.shape(x)[0], 1, 8]))
    y = tf.concat([token, dense(x, 8)], 1) + noise(1, 6, 8, seed=4)
    y = y + dense(tf.nn.relu(dense(layer_norm(y), 4)), 8, seed=2)
    return y + dense(layer_norm(y), 8, seed=3)


def test_a_stream_that_only_layer_norms_read_loses_its_mean():
    found = check(lambda x: dense(layer_norm(stream(x)), 3), centre_streams)
    assert (found["Sub"], found["Mean"]) == (0, 3)


def test_a_stream_that_something_else_reads_keeps_it():
    found = check(lambda x: dense(layer_norm(stream(x)), 8) + tf.nn.relu(stream(x)), centre_streams)
    assert found["Sub"] == 2  # the other call of `stream` is another stream
    found = check(lambda x: (lambda y: layer_norm(y) * tf.nn.relu(y))(stream(x)), centre_streams)
    assert (found["Sub"], found["Mean"]) == (3, 6)


def test_the_input_is_nothing_to_take_a_mean_from():
    found = check(lambda x: layer_norm(x + noise(6)), centre_streams)
    assert found["Sub"] == 1
