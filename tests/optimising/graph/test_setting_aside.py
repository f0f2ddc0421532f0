"""Constants that TensorFlow does not get to see while it simplifies a graph."""

from __future__ import annotations

import numpy as np
import pytest
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
    assert setting_aside.never_folded(graph) == {"weights"}
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
    assert setting_aside.never_folded(graph) == {"weights"}
    grappler.simplify(graph)
    assert operators(graph)["NoOp"] == 0
    np.testing.assert_array_equal(run(graph, x), before)


def test_what_grappler_folds_stays():
    graph, x = product_of(lambda weights: tf.transpose(weights) * 2.0), noise(3, SIDE)
    before = run(graph, x)
    assert setting_aside.never_folded(graph) == set()
    grappler.simplify(graph)
    assert operators(graph)["Transpose"] == operators(graph)["Mul"] == 0
    np.testing.assert_allclose(run(graph, x), before, rtol=1e-6)


def test_a_product_of_constants_is_folded():
    other = noise(4, SIDE, seed=2)

    def build(x):
        return x + tf.matmul(tf.constant(other), tf.constant(noise(SIDE, SIDE, seed=1)))

    graph = frozen(build, 4, SIDE)
    assert setting_aside.never_folded(graph) == set()
    grappler.simplify(graph)
    assert operators(graph)["MatMul"] == 0


def kernels(front=tf.identity, behind=tf.identity):
    """A convolution of front(x), and behind(what it makes), with a bias."""
    kernel = noise(3, 3, 64, 64, seed=1)

    def build(x):
        made = tf.nn.conv2d(front(x), tf.constant(kernel, name="kernel"), 1, "SAME")
        return tf.nn.relu(tf.nn.bias_add(behind(made), noise(64, seed=2)))

    return frozen(build, None, 8, 8, 64)


def test_a_kernel_without_factors_is_set_aside_and_comes_back():
    graph, x = kernels(), noise(2, 8, 8, 64)
    before, constant = run(graph, x), graph.nodes["kernel"]
    assert setting_aside.never_folded(graph) == {"kernel"}
    grappler.simplify(graph)
    assert graph.nodes["kernel"] is constant
    np.testing.assert_array_equal(run(graph, x), before)


SCALE = noise(64, seed=3)
TURN = [0, 2, 1, 3]
BESIDE = {
    "a product behind": {"behind": lambda y: y * SCALE},
    "a quotient behind an identity": {"behind": lambda y: tf.identity(y) / SCALE},
    "a product behind a transpose": {"behind": lambda y: tf.transpose(y, TURN) * SCALE},
    "a product in front": {"front": lambda x: x * 2.0},
    "a product in front of a transpose": {"front": lambda x: tf.transpose(x * 2.0, TURN)},
}


@pytest.mark.parametrize("beside", BESIDE)
def test_a_kernel_that_takes_factors_stays(beside):
    graph, x = kernels(**BESIDE[beside]), noise(2, 8, 8, 64)
    before = run(graph, x)
    assert setting_aside.never_folded(graph) == set()
    grappler.simplify(graph)
    np.testing.assert_allclose(run(graph, x), before, rtol=1e-3, atol=1e-3)


def test_grappler_takes_factors_into_kernels():
    """Or else nothing would have to stay."""
    graph = kernels(**BESIDE["a product behind"])
    grappler.simplify(graph)
    assert operators(graph)["Mul"] == 0


def test_a_convolved_constant_is_folded():
    graph = kernels(front=lambda x: tf.constant(noise(1, 8, 8, 64)))
    assert setting_aside.never_folded(graph) == set()
    grappler.simplify(graph)
    assert operators(graph)["Conv2D"] == 0


def test_a_table_is_set_aside_and_what_looks_up_is_not():
    table = noise(SIDE, SIDE, seed=1)
    graph = frozen(lambda x: tf.gather(tf.constant(table, name="table"), tf.cast(x, tf.int32)), 5)
    x = np.arange(5, dtype="float32")
    before = run(graph, x)
    assert setting_aside.never_folded(graph) == {"table"}
    grappler.simplify(graph)
    np.testing.assert_array_equal(run(graph, x), before)
    places = np.zeros([1 << 15], "int32")
    assert setting_aside.never_folded(frozen(lambda x: tf.gather(x, places), 4)) == set()


def test_outputs_stay():
    weights = noise(SIDE, SIDE, seed=1)
    graph = frozen(lambda x: tf.constant(weights, name="weights"), None, SIDE)
    graph.outputs = ("weights",)
    assert setting_aside.never_folded(graph) == set()
