"""Images become NHWC, transposes cancel, and the numbers stay."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising.layout.layout import use_nhwc
from tests.optimising.graphs import frozen, noise, operators, run

NCHW, NHWC = (0, 3, 1, 2), (0, 2, 3, 1)


def convolved(x, outputs=4, stride=1, seed=1):
    """A convolution of an NCHW tensor the way onnx-tf writes it."""
    inside = tf.transpose(x, NHWC)
    weights = noise(3, 3, inside.shape[-1], outputs, seed=seed)
    return tf.transpose(tf.nn.conv2d(inside, weights, stride, "SAME"), NCHW)


def channels(*values, seed=9):
    return noise(1, values[0], 1, 1, seed=seed)


def check(build, *shape, edges):
    """`edges` is how many transposes may be left; returns the operators."""
    graph = frozen(build, None, *shape)
    x = noise(2, *shape)
    before = run(graph, x)
    use_nhwc(graph)
    found = operators(graph)
    assert found["Transpose"] == edges, found
    np.testing.assert_allclose(run(graph, x), before, rtol=1e-4, atol=1e-4)
    return found


BETWEEN = {
    "unary": lambda y: tf.sigmoid(tf.nn.leaky_relu(y)),
    "per channel": lambda y: (y * channels(4) + channels(4, seed=3)) / 2.0,
    "constant of full rank": lambda y: y + noise(1, 4, 6, 8),
    "residual": lambda y: y + tf.nn.relu(convolved(y)),
    "comparison": lambda y: tf.where(y > 0.1, y, y * 0.5),
    "concat": lambda y: tf.concat([y, tf.nn.relu(y)], 1),
    "concat with a constant": lambda y: tf.concat([y[:1], noise(1, 4, 6, 8)], 0),
    "pad": lambda y: tf.pad(y, [[0, 0], [0, 0], [1, 2], [3, 0]]),
    "mirror pad": lambda y: tf.pad(y, [[0, 0], [0, 0], [1, 2], [3, 0]], "REFLECT"),
    "mean, axes kept": lambda y: y * tf.reduce_mean(y, [2, 3], keepdims=True),
    "maximum of channels": lambda y: y * tf.reduce_max(y, 1, keepdims=True),
    "split": lambda y: tf.concat(tf.split(y, 2, 1)[::-1], 1),
    "uneven split": lambda y: tf.concat(tf.split(y, [1, 3], 1)[::-1], 1),
    "slice": lambda y: tf.slice(y, [0, 1, 2, 3], [-1, 2, 3, 4]),
    "strided slice": lambda y: y[:, 1:3, ::2, 1:],
    "strided slice of fewer axes": lambda y: y[:, :3],
    "tile": lambda y: tf.tile(y, [1, 2, 1, 3]),
    "integers": lambda y: tf.cast(tf.cast(y * 10, tf.int32), tf.float32),
    "add n": lambda y: tf.add_n([y, tf.abs(y), tf.exp(y)]),
    "gate from a dense layer": lambda y: (
        y * tf.reshape(tf.sigmoid(tf.matmul(tf.reduce_mean(y, [2, 3]), noise(4, 4))), [-1, 4, 1, 1])
    ),
}


@pytest.mark.parametrize("name", BETWEEN)
def test_transposes_go_through(name):
    """The transposes between two convolutions cancel; that of the input and output stay."""
    check(lambda x: convolved(BETWEEN[name](convolved(x))), 3, 6, 8, edges=2)


DROPPED = {
    "mean": lambda y: tf.reduce_mean(y, [2, 3]),
    "largest channel": lambda y: tf.cast(tf.argmax(y, 1), tf.float32),
    "one row": lambda y: tf.reduce_sum(y[:, :, 1], 2),
    "squeezed": lambda y: tf.squeeze(tf.reduce_max(y, [2, 3], keepdims=True), [2, 3]),
}


@pytest.mark.parametrize("name", DROPPED)
def test_dropped_axes_need_no_transpose(name):
    check(lambda x: DROPPED[name](convolved(x)), 3, 6, 8, edges=1)


RESHAPED = {
    "pixels as a sequence": lambda y: tf.transpose(tf.reshape(y, [-1, 4, 48]), (0, 2, 1)),
    "columns as a sequence": lambda y: tf.transpose(
        tf.reshape(tf.reduce_max(y, 2), [-1, 4, 8]), (0, 2, 1)
    ),
    "grouped channels": lambda y: tf.reshape(
        tf.transpose(tf.reshape(y, [-1, 2, 2, 6, 8]), (0, 3, 4, 1, 2)), [-1, 48, 4]
    ),
    "one pixel": lambda y: tf.reshape(tf.reduce_mean(y, [2, 3], keepdims=True), [-1, 4]),
}


@pytest.mark.parametrize("name", RESHAPED)
def test_reshapes_of_whole_axes_go_through(name):
    check(lambda x: RESHAPED[name](convolved(x)), 3, 6, 8, edges=1)


def test_a_computed_shape_stays_int64():
    def build(x):
        y = convolved(x)
        shape = tf.concat([tf.shape(y, out_type=tf.int64)[:1], tf.constant([4, 48], tf.int64)], 0)
        return tf.transpose(tf.reshape(y, shape), [0, 2, 1])

    check(build, 3, 6, 8, edges=1)


def test_a_reshape_that_mixes_axes_keeps_its_transpose():
    check(lambda x: tf.reshape(convolved(x), [-1, 4 * 48]), 3, 6, 8, edges=2)


def test_a_constant_row_stays_transposed_only_where_it_must():
    check(lambda x: convolved(x)[:, :, :, 2], 3, 6, 8, edges=2)


def test_softmax_over_the_last_axis_only_goes_through_where_it_stays_last():
    check(lambda x: convolved(tf.nn.softmax(convolved(x), -1)), 3, 6, 8, edges=4)
    check(
        lambda x: tf.transpose(tf.nn.softmax(tf.transpose(x, (1, 0, 2))), (1, 0, 2)), 3, 4, edges=0
    )


def test_normalisation_and_padding_of_the_input_come_after_its_transpose():
    """So that a convolution can take them in."""

    def build(x):
        return convolved(tf.pad((x - channels(3)) / 0.5, [[0, 0], [0, 0], [1, 1], [1, 1]]))

    graph = frozen(build, None, 3, 6, 8)
    before = run(graph, noise(2, 3, 6, 8))
    use_nhwc(graph)
    (first,) = (n for n in graph.nodes.values() if n.op == "Transpose" and n.input[0] == "x")
    assert first
    order = [n.op for n in graph.ordered() if n.op in ("Sub", "Pad", "Conv2D", "Transpose")]
    assert order == ["Transpose", "Sub", "Pad", "Conv2D", "Transpose"]
    np.testing.assert_allclose(run(graph, noise(2, 3, 6, 8)), before, atol=1e-4)


def test_a_transpose_that_moves_only_axes_of_size_one_is_a_reshape():
    found = check(lambda x: tf.transpose(tf.nn.relu(x), (0, 3, 1, 2)), 8, 6, 1, edges=0)
    assert found["Reshape"] == 1


def test_nothing_is_done_where_nothing_is_gained():
    """One transpose that two operators read would become two."""

    def build(x):
        y = tf.transpose(x, (0, 2, 1))
        left = tf.reshape(tf.nn.relu(y), [-1, 12])
        return left + tf.reshape(tf.sigmoid(y), [-1, 12])

    graph = frozen(build, None, 3, 4)
    before = graph.graph_def()
    use_nhwc(graph)
    assert graph.graph_def() == before


def nchw_model(layout):
    """The same network with NCHW or with NHWC kernels; the input and output are NCHW."""
    step = {"NCHW": lambda hw: [1, 1, *hw], "NHWC": lambda hw: [1, *hw, 1]}[layout]

    def explicit(top, left):
        middle = [[1, top], [left, 1]]
        return [[0, 0], [0, 0], *middle] if layout == "NCHW" else [[0, 0], *middle, [0, 0]]

    def build(x):
        y = x if layout == "NCHW" else tf.transpose(x, NHWC)
        y = tf.nn.conv2d(y, noise(3, 3, 3, 4), step((2, 1)), explicit(1, 0), layout)
        y = tf.nn.bias_add(y, noise(4), layout)
        scale = 1.5 + abs(noise(4))
        y, *_ = tf.compat.v1.nn.fused_batch_norm(
            y, scale, noise(4), noise(4), scale, is_training=False, data_format=layout
        )
        y = tf.nn.relu(y)
        y = tf.nn.max_pool2d(y, step((2, 2)), step((1, 2)), "VALID", layout)
        y = tf.nn.avg_pool2d(y, step((2, 2)), step((1, 1)), "SAME", layout)
        y = tf.nn.depthwise_conv2d(y, noise(3, 3, 4, 1), step((1, 1)), "SAME", layout)
        y = tf.nn.conv2d(y, noise(3, 3, 4, 8), step((1, 1)), "SAME", layout)
        y = tf.nn.depth_to_space(y, 2, layout)
        sizes = step((11, 15))
        sizes[0], sizes[3 if layout == "NHWC" else 1] = 2, 3
        y = tf.nn.conv2d_transpose(y, noise(2, 2, 3, 2), sizes, step((1, 1)), "VALID", layout)
        return y if layout == "NCHW" else tf.transpose(y, NCHW)

    return build


def test_nchw_kernels_compute_what_nhwc_kernels_do():
    """TensorFlow's CPU kernels want NHWC, so the reference is the network written that way."""
    first = frozen(nchw_model("NHWC"), 2, 3, 12, 16)
    graph = frozen(nchw_model("NCHW"), 2, 3, 12, 16)
    x = noise(2, 3, 12, 16)
    use_nhwc(graph)
    assert operators(graph)["Transpose"] == 2
    assert not [n for n in graph.nodes.values() if n.attr["data_format"].s == b"NCHW"]
    np.testing.assert_allclose(run(graph, x), run(first, x), rtol=1e-4, atol=1e-4)
