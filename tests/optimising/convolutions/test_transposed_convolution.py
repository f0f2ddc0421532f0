"""Transposed convolutions as plain ones: the same numbers from other kernels."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising.convolutions.transposed_convolution import rewrite_transposed_convolutions
from tests.optimising.graphs import frozen, noise, operators, run

SIZE = (5, 7)


def transposed(kernel, stride, padding, after=lambda y: y, outputs=3):
    weights = noise(*kernel, outputs, 4, seed=1)

    def build(x):
        extent = [n * s for n, s in zip(SIZE, stride, strict=True)]
        shape = [tf.shape(x)[0], *extent, outputs]
        y = tf.nn.conv2d_transpose(x, weights, shape, list(stride), padding)
        y.set_shape([None, *extent, outputs])
        return after(y)

    return frozen(build, None, *SIZE, 4)


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [
        ((2, 2), (2, 2), "VALID"),
        ((2, 2), (2, 2), "SAME"),
        ((3, 3), (2, 2), "SAME"),
        ((3, 3), (2, 2), [[0, 0], [1, 0], [1, 0], [0, 0]]),
        ((4, 4), (2, 2), [[0, 0], [1, 1], [1, 1], [0, 0]]),
        ((5, 3), (3, 2), "SAME"),
        ((3, 3), (1, 1), "SAME"),
        ((3, 1), (1, 2), "SAME"),
    ],
)
@pytest.mark.parametrize("batch", [1, 3])
def test_computes_the_same(kernel, stride, padding, batch):
    graph = transposed(kernel, stride, padding)
    x = noise(batch, *SIZE, 4)
    before = run(graph, x)
    assert rewrite_transposed_convolutions(graph) == 1
    assert "Conv2DBackpropInput" not in operators(graph)
    np.testing.assert_allclose(run(graph, x), before, atol=1e-5)


def test_takes_bias_and_activation_in_front_of_the_interleave():
    bias = noise(3, seed=2)
    graph = transposed((3, 3), (2, 2), "SAME", lambda y: tf.nn.relu(tf.nn.bias_add(y, bias)))
    x = noise(2, *SIZE, 4)
    before = run(graph, x)
    rewrite_transposed_convolutions(graph)
    order = [node.op for node in graph.ordered() if node.op in ("BiasAdd", "Relu", "Transpose")]
    assert order == ["BiasAdd", "Relu", "Transpose"]
    np.testing.assert_allclose(run(graph, x), before, atol=1e-5)


def test_leaves_a_result_of_another_size_alone():
    def build(x):
        shape = [tf.shape(x)[0], 2 * SIZE[0] - 1, 2 * SIZE[1] - 1, 3]
        y = tf.nn.conv2d_transpose(x, noise(3, 3, 3, 4), shape, 2, "SAME")
        y.set_shape([None, *shape[1:]])
        return y

    graph = frozen(build, None, *SIZE, 4)
    assert rewrite_transposed_convolutions(graph) == 0
    assert operators(graph)["Conv2DBackpropInput"] == 1
