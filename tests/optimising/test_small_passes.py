"""Passes that rename, merge and drop: what they change, and what they must not."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from sigfix.optimising.kernels import fusing, padding
from sigfix.optimising.tidying import duplicates, identities, naming
from tests.optimising.graphs import frozen, noise, operators, run


def test_padding_moves_into_a_depthwise_convolution():
    weights = noise(3, 3, 4, 1, seed=1)

    def build(x):
        wide = tf.pad(x, [[0, 0], [1, 1], [1, 0], [0, 0]])
        return tf.nn.depthwise_conv2d(wide, weights, [1, 2, 2, 1], "VALID")

    graph, x = frozen(build, None, 8, 8, 4), noise(2, 8, 8, 4)
    before = run(graph, x)
    assert padding.fold_padding(graph) == 1
    assert "Pad" not in operators(graph)
    np.testing.assert_array_equal(run(graph, x), before)


def test_padding_with_another_value_or_of_channels_stays():
    weights = noise(3, 3, 4, 1, seed=1)

    def ones(x):
        wide = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], constant_values=1.0)
        return tf.nn.depthwise_conv2d(wide, weights, [1, 1, 1, 1], "VALID")

    def channels(x):
        wide = tf.pad(x, [[0, 0], [0, 0], [0, 0], [0, 1]])
        return tf.nn.depthwise_conv2d(wide, weights, [1, 1, 1, 1], "VALID")

    assert padding.fold_padding(frozen(ones, None, 8, 8, 4)) == 0
    assert padding.fold_padding(frozen(channels, None, 8, 8, 3)) == 0


def test_padding_that_somebody_else_reads_stays():
    def build(x):
        wide = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
        y = tf.nn.depthwise_conv2d(wide, noise(3, 3, 4, 1), [1, 1, 1, 1], "VALID")
        return y + tf.reduce_mean(wide)

    assert padding.fold_padding(frozen(build, None, 8, 8, 4)) == 0


def test_equal_constants_become_one():
    graph = frozen(lambda x: (x + noise(4)) * noise(4) + noise(4, seed=1), None, 4)
    x = noise(3, 4, seed=2)
    before = run(graph, x)
    assert duplicates.merge_duplicates(graph) == 1
    np.testing.assert_array_equal(run(graph, x), before)


def test_what_is_computed_twice_becomes_one_but_random_numbers_do_not():
    def build(x):
        return tf.nn.relu(x + 1.0) * tf.nn.relu(x + 1.0) + 0.0 * (
            tf.random.normal([4]) - tf.random.normal([4])
        )

    graph = frozen(build, None, 4)
    before = run(graph, noise(2, 4))
    duplicates.merge_duplicates(graph)
    graph.prune()
    found = operators(graph)
    assert (found["Relu"], found["RandomStandardNormal"]) == (1, 2)
    np.testing.assert_array_equal(run(graph, noise(2, 4)), before)


def test_copies_are_dropped():
    graph = frozen(lambda x: tf.identity(tf.identity(x) * 2.0) + 1.0, None, 4)
    before = run(graph, noise(2, 4))
    assert identities.drop_identities(graph) == 3
    assert "Identity" not in operators(graph)
    np.testing.assert_array_equal(run(graph, noise(2, 4)), before)


def test_the_computing_node_takes_the_outputs_name():
    graph = frozen(tf.nn.relu, None, 4)
    assert identities.drop_output_identities(graph) == 1
    assert operators(graph) == {"Placeholder": 1, "Relu": 1}
    np.testing.assert_array_equal(run(graph, noise(2, 4)), np.maximum(noise(2, 4), 0))


def test_an_output_that_is_the_input_keeps_its_identity():
    graph = frozen(lambda x: x, None, 4)
    assert identities.drop_output_identities(graph) == 0
    np.testing.assert_array_equal(run(graph, noise(2, 4)), noise(2, 4))


def test_short_names_keep_inputs_and_outputs():
    graph = frozen(lambda x: tf.nn.relu(x * noise(4)) + 1.0, None, 4)
    before = run(graph, noise(2, 4))
    naming.shorten_names(graph)
    assert {"x", "y"} < set(graph.nodes)
    assert max(map(len, graph.nodes)) == 2
    np.testing.assert_array_equal(run(graph, noise(2, 4)), before)


def test_the_last_of_each_part_has_the_source_s_name():
    def build(x):
        for layer in range(50):
            with tf.name_scope(f"layer{layer}"):
                x = tf.nn.relu(x * noise(4)) + 1.0
        return x

    graph = frozen(build, None, 4)
    graph.named = {name: name for name in graph.nodes}
    before = run(graph, noise(2, 4))
    naming.shorten_names(graph)
    assert naming.name_stages(graph) == 30
    kept = [name for name in graph.nodes if name.startswith("layer")]
    assert len(kept) == 30
    assert all("/add" in name for name in kept)
    np.testing.assert_array_equal(run(graph, noise(2, 4)), before)


def test_what_takes_the_place_of_a_node_has_its_name():
    graph = frozen(lambda x: tf.nn.relu(tf.nn.bias_add(tf.matmul(x, noise(4, 3)), noise(3))) + 1.0,
                   None, 4)  # fmt: skip
    graph.named = {name: f"source/{name}" for name in graph.nodes}
    (relu,) = [node.name for node in graph.nodes.values() if node.op == "Relu"]
    fusing.fuse_bias_and_activation(graph)
    (fused,) = [node.name for node in graph.nodes.values() if node.op == "_FusedMatMul"]
    assert graph.named[fused] == f"source/{relu}"


def fused_kinds(build, *shape):
    graph = frozen(build, *shape)
    fusing.fuse_bias_and_activation(graph)
    graph.prune()
    return {
        (node.op, tuple(s.decode() for s in node.attr["fused_ops"].list.s))
        for node in graph.nodes.values()
        if "fused_ops" in node.attr
    }


def test_products_are_fused_with_bias_and_activation():
    image = (None, 8, 8, 4)

    def convolution(x):
        return tf.nn.relu6(tf.nn.bias_add(tf.nn.conv2d(x, noise(3, 3, 4, 5), 1, "SAME"), noise(5)))

    def depthwise(x):
        y = tf.nn.depthwise_conv2d(x, noise(3, 3, 4, 1), [1, 1, 1, 1], "SAME")
        return tf.nn.relu(y + noise(4))

    def product(x):
        return tf.sigmoid(tf.matmul(x, noise(4, 6)) + noise(6))

    assert fused_kinds(convolution, *image) == {("_FusedConv2D", ("BiasAdd", "Relu6"))}
    assert fused_kinds(depthwise, *image) == {("FusedDepthwiseConv2dNative", ("BiasAdd", "Relu"))}
    assert fused_kinds(product, None, 4) == {("_FusedMatMul", ("BiasAdd", "Sigmoid"))}


def test_what_no_backend_fuses_is_not_fused():
    def hard_swish(x):
        y = tf.nn.bias_add(tf.nn.conv2d(x, noise(1, 1, 4, 5), 1, "SAME"), noise(5))
        return y * tf.nn.relu6(y + 3) / 6

    def transposed(x):
        return tf.matmul(x, noise(6, 4), transpose_b=True) + noise(6)

    def no_vector(x):
        return tf.matmul(x, noise(4, 6)) + noise(3, 6)

    assert fused_kinds(hard_swish, None, 8, 8, 4) == {("_FusedConv2D", ("BiasAdd",))}
    assert fused_kinds(transposed, None, 4) == set()
    assert fused_kinds(no_vector, 3, 4) == set()
