"""Constants that TensorFlow does not get to see while it simplifies a graph."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from sigfix.optimising.graph import setting_aside
from sigfix.optimising.shapes import grappler
from tests.optimising.graphs import frozen, noise, operators, run

SIDE = 160  # of a matrix larger than `setting_aside.LARGE`


def product_of(make):
    """x @ make(matrix), the matrix a constant called `weights`."""
    weights = noise(SIDE, SIDE, seed=1)
    return frozen(lambda x: tf.matmul(x, make(tf.constant(weights, name="weights"))), None, SIDE)


def test_a_factor_is_set_aside_and_comes_back():
    graph, x = product_of(tf.identity), noise(3, SIDE)
    before, constant = run(graph, x), graph.nodes["weights"]
    assert setting_aside.factors_of_products(graph) == {"weights"}
    light = graph.graph_def({"weights"})
    assert light.ByteSize() < setting_aside.LARGE < graph.graph_def().ByteSize()
    grappler.simplify(graph)
    assert graph.nodes["weights"] is constant, "the same message, not a copy"
    assert operators(graph)["Placeholder"] == 1
    np.testing.assert_array_equal(run(graph, x), before)


def test_a_read_that_something_waits_for_is_no_obstacle():
    """As TensorFlow leaves a variable that it froze: identities, and a NoOp behind them."""
    weights = noise(SIDE, SIDE, seed=1)

    def build(x):
        read = tf.identity(tf.identity(tf.constant(weights, name="weights")))
        product = tf.matmul(x, read)
        with tf.control_dependencies([tf.group(read)]):
            return tf.identity(product)

    graph, x = frozen(build, None, SIDE), noise(3, SIDE)
    before = run(graph, x)
    assert setting_aside.factors_of_products(graph) == {"weights"}
    grappler.simplify(graph)
    assert operators(graph)["NoOp"] == 0
    np.testing.assert_array_equal(run(graph, x), before)


def test_what_grappler_folds_stays():
    graph, x = product_of(lambda weights: tf.transpose(weights) * 2.0), noise(3, SIDE)
    before = run(graph, x)
    assert setting_aside.factors_of_products(graph) == set()
    grappler.simplify(graph)
    assert operators(graph)["Transpose"] == operators(graph)["Mul"] == 0
    np.testing.assert_allclose(run(graph, x), before, rtol=1e-6)


def test_a_product_of_constants_is_folded():
    other = noise(4, SIDE, seed=2)

    def build(x):
        return x + tf.matmul(tf.constant(other), tf.constant(noise(SIDE, SIDE, seed=1)))

    graph = frozen(build, 4, SIDE)
    assert setting_aside.factors_of_products(graph) == set()
    grappler.simplify(graph)
    assert operators(graph)["MatMul"] == 0


def test_kernels_and_outputs_stay():
    kernel = noise(3, 3, 64, 64, seed=1)

    def build(x):
        return tf.nn.conv2d(x, kernel, 1, "SAME") * noise(64, seed=2)

    assert setting_aside.factors_of_products(frozen(build, None, 8, 8, 64)) == set()
    weights = noise(SIDE, SIDE, seed=1)
    graph = frozen(lambda x: tf.constant(weights, name="weights"), None, SIDE)
    graph.outputs = ("weights",)
    assert setting_aside.factors_of_products(graph) == set()
