"""Scales, shifts, clamps and factors: fewer operators, the same numbers."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising.kernels.fusing import fuse_bias_and_activation
from sigfix.optimising.scales.channel_kernels import use_channel_kernels
from sigfix.optimising.scales.clamps import rewrite_clamps
from sigfix.optimising.scales.gelu import fold_gelu_scales
from sigfix.optimising.scales.scale_folding import fold_scales
from sigfix.optimising.scales.scale_sinking import sink_scales
from sigfix.optimising.tidying.identities import drop_identities
from tests.optimising.graphs import frozen, noise, operators, run

IMAGE = (None, 6, 8, 4)


def convolution(x, outputs=5, seed=1, padding="SAME", kernel=3):
    return tf.nn.conv2d(x, noise(kernel, kernel, x.shape[-1], outputs, seed=seed), 1, padding)


def batch_norm(x, training=False):
    c = x.shape[-1]
    y, *_ = tf.compat.v1.nn.fused_batch_norm(
        x, noise(c), noise(c, seed=2), noise(c, seed=3), abs(noise(c)) + 0.1, is_training=training
    )
    return y


def check(build, shape, *passes, batch=2, scale=1.0, tolerance=1e-4):
    """Run the passes; returns the operators that are left, without constants and copies."""
    graph = frozen(build, *shape)
    x = noise(batch, *shape[1:]) * np.float32(scale)
    before = run(graph, x)
    for each in passes:
        each(graph)
    drop_identities(graph)
    graph.prune()
    after = run(graph, x)
    np.testing.assert_allclose(after, before, rtol=tolerance, atol=tolerance * np.ptp(before))
    found = operators(graph)
    return {k: v for k, v in found.items() if k not in ("Const", "Placeholder", "Identity")}


FOLDED = {
    "batch norm after a convolution": (
        lambda x: batch_norm(convolution(x)),
        {"Conv2D": 1, "BiasAdd": 1},
    ),
    "batch norm after a bias": (
        lambda x: batch_norm(tf.nn.bias_add(convolution(x), noise(5))),
        {"Conv2D": 1, "BiasAdd": 1},
    ),
    "batch norm after a depthwise convolution": (
        lambda x: batch_norm(tf.nn.depthwise_conv2d(x, noise(3, 3, 4, 2), [1, 1, 1, 1], "SAME")),
        {"DepthwiseConv2dNative": 1, "BiasAdd": 1},
    ),
    "batch norm before a convolution that sees no padding": (
        lambda x: convolution(batch_norm(x), padding="VALID"),
        {"Conv2D": 1, "BiasAdd": 1},
    ),
    "batch norm before a depthwise convolution": (
        lambda x: tf.nn.depthwise_conv2d(batch_norm(x), noise(3, 3, 4, 2), [1, 1, 1, 1], "VALID"),
        {"DepthwiseConv2dNative": 1, "BiasAdd": 1},
    ),
    "normalisation of the input": (
        lambda x: convolution((x - noise(4)) / np.float32([2, 3, 4, 5]), kernel=1),
        {"Conv2D": 1, "BiasAdd": 1},
    ),
    "scale before two padded convolutions": (
        lambda x: convolution(x * noise(4)) + convolution(x * noise(4), seed=2),
        {"Conv2D": 2, "AddV2": 1},
    ),
    "scale after a transposed convolution": (
        lambda x: (
            noise(3) * tf.nn.conv2d_transpose(x, noise(2, 2, 3, 4), [2, 12, 16, 3], 2, "SAME")
        ),
        {"Conv2DBackpropInput": 1},
    ),
    "two shifts": (lambda x: 1.0 - (convolution(x) + 2.0), {"Conv2D": 1, "BiasAdd": 1}),
    "scales of scales": (lambda x: tf.nn.relu((x * 2.0) * noise(4)), {"Mul": 1, "Relu": 1}),
}


@pytest.mark.parametrize("name", FOLDED)
def test_folds(name):
    build, expected = FOLDED[name]
    assert check(build, IMAGE, fold_scales) == expected


def test_folds_into_matrix_products():
    def build(x):
        y = tf.matmul(x * noise(4) + 0.5, noise(6, 4), transpose_b=True) * noise(6)
        return tf.matmul(y - 2.0, noise(6, 3)) * 3.0 + noise(3)

    assert check(build, (None, 4), fold_scales) == {"MatMul": 2, "BiasAdd": 2}


KEPT = {
    "a shift before a padded convolution": (
        lambda x: convolution(x + 1.0),
        {"AddV2": 1, "Conv2D": 1},
    ),
    "what two operators read": (
        lambda x: (lambda y: y * 2.0 + tf.nn.relu(y))(convolution(x)),
        {"Conv2D": 1, "Mul": 1, "Relu": 1, "AddV2": 1},
    ),
    "a scale along another axis": (
        lambda x: convolution(x) * noise(6, 1, 1),
        {"Conv2D": 1, "Mul": 1},
    ),
    "a batch norm in training": (
        lambda x: batch_norm(convolution(x), training=True),
        {"Conv2D": 1, "FusedBatchNormV3": 1},
    ),
}


@pytest.mark.parametrize("name", KEPT)
def test_leaves_alone(name):
    build, expected = KEPT[name]
    if "training" in name:
        c = 5

        def build(x):
            y, *_ = tf.compat.v1.nn.fused_batch_norm(convolution(x), noise(c), noise(c))
            return y

    assert check(build, IMAGE, fold_scales) == expected


def hard_swish(x):
    return x * tf.nn.relu6(x + 3.0) * (1 / 6)


def hard_sigmoid(x):
    return tf.maximum(tf.minimum(x * np.float32(1 / 6) + 0.5, 1.0), 0.0)


def squeeze(x):
    y = tf.reduce_mean(x, [1, 2], keepdims=True)
    y = tf.nn.relu(convolution(y, 2, kernel=1))
    return x * hard_sigmoid(convolution(y, x.shape[-1], kernel=1))


ALL = (rewrite_clamps, fold_scales, sink_scales, use_channel_kernels, fuse_bias_and_activation)


def mobile(x):
    y = hard_swish(tf.nn.bias_add(convolution(x, 8), noise(8)))
    y = tf.nn.depthwise_conv2d(y, noise(3, 3, 8, 1), [1, 1, 1, 1], "SAME")
    y = squeeze(hard_swish(tf.nn.bias_add(y, noise(8, seed=4))))
    return convolution(y, 4, kernel=1) + x


def test_a_hard_swish_is_two_operators_and_a_hard_sigmoid_none():
    graph = frozen(mobile, *IMAGE)
    before = run(graph, noise(2, 6, 8, 4))
    for each in ALL[:-1]:
        each(graph)
    np.testing.assert_allclose(run(graph, noise(2, 6, 8, 4)), before, rtol=1e-4, atol=1e-4)
    fuse_bias_and_activation(graph)
    drop_identities(graph)
    graph.prune()
    found = operators(graph)
    # One depthwise convolution of its own, and one (fused with Relu6) in each hard-swish.
    assert found["FusedDepthwiseConv2dNative"] == 3
    assert (found["_FusedConv2D"], found["Conv2D"]) == (2, 2)
    assert found["Mul"] == 3  # x * relu6(x + 3) twice, and the gate
    assert not {"Relu6", "Maximum", "Minimum", "ClipByValue"} & set(found)


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda x: tf.minimum(tf.maximum(x, 0.0), 6.0), {"Relu6": 1}),
        (lambda x: tf.clip_by_value(x, 0.0, 6.0), {"Relu6": 1}),
        (lambda x: tf.maximum(tf.minimum(x, 2.0), -1.0), {"ClipByValue": 1}),
        (lambda x: tf.maximum(0.0, x), {"Relu": 1}),
        (lambda x: tf.maximum(tf.minimum(x, -2.0), 3.0), {"Minimum": 1, "Maximum": 1}),
        (lambda x: tf.minimum(tf.maximum(x, noise(4)), 2.0), {"Minimum": 1, "Maximum": 1}),
        (lambda x: tf.minimum(x, 2.0), {"Minimum": 1}),
    ],
)
def test_clamps(build, expected):
    assert check(build, IMAGE, rewrite_clamps, scale=5.0) == expected


SUNK = {
    "through a product, a mean and a reshape": (
        lambda x: tf.matmul(
            tf.reshape(tf.reduce_mean(x * 0.25 * tf.sigmoid(x), [1, 2]), [-1, 4]), noise(4, 3)
        ),
        {"Sigmoid": 1, "Mul": 1, "Mean": 1, "Reshape": 1, "MatMul": 1},
    ),
    "up into the product before a residual": (
        lambda x: convolution(tf.nn.bias_add(convolution(x, 4), noise(4)) + tf.exp(x) * 0.5),
        {"Conv2D": 2, "BiasAdd": 1, "Exp": 1, "AddV2": 1},
    ),
    "up through a product of two tensors": (
        lambda x: tf.nn.softmax(
            tf.matmul(convolution(x, kernel=1), convolution(x, seed=5, kernel=1), transpose_b=True)
            * 0.125
        ),
        {"Conv2D": 2, "BatchMatMulV2": 1, "Softmax": 1},
    ),
}


@pytest.mark.parametrize("name", SUNK)
def test_a_factor_sinks(name):
    build, expected = SUNK[name]
    assert check(build, IMAGE, sink_scales) == expected


@pytest.mark.parametrize(
    "build",
    [
        lambda x: convolution(tf.sigmoid(x * 0.5)),  # not linear
        lambda x: convolution(tf.exp(x) * -0.5, 4) + tf.nn.relu(tf.exp(x) * -0.5),  # below zero
        lambda x: (lambda y: convolution(y, 4) + y)(tf.exp(x) * 0.5),  # the output needs it
        lambda x: (lambda y: convolution(y + tf.exp(y)))(tf.sqrt(tf.abs(x)) * 0.5),
    ],
)
def test_a_factor_that_not_everything_can_absorb_stays(build):
    assert check(build, IMAGE, sink_scales)["Mul"] >= 1


def test_what_is_left_becomes_one_depthwise_convolution():
    def before_a_padded_convolution(x):
        return convolution(tf.nn.relu(batch_norm(tf.exp(x))))

    found = check(before_a_padded_convolution, IMAGE, fold_scales, use_channel_kernels)
    assert found == {"Exp": 1, "DepthwiseConv2dNative": 1, "BiasAdd": 1, "Relu": 1, "Conv2D": 1}

    def vectors(x):
        return convolution(tf.exp(x) * noise(4) + noise(4))

    found = check(vectors, IMAGE, use_channel_kernels)
    assert found == {"Exp": 1, "DepthwiseConv2dNative": 1, "BiasAdd": 1, "Conv2D": 1}
    assert "Mul" in check(lambda x: tf.exp(x) * 2.0, IMAGE, use_channel_kernels)


def transformer_block(x):
    """What a layer norm with beta, and a GELU, look like between dense layers."""
    flat = tf.reshape(x, [-1, 4])
    y = tf.reshape(tf.matmul(flat, noise(4, 6)) + noise(6), [-1, 48, 6])
    centred = y - tf.reduce_mean(y, -1, keepdims=True)
    deviation = tf.math.rsqrt(tf.reduce_mean(tf.square(centred), -1, keepdims=True) + 1e-5)
    normal = centred * deviation * noise(6, seed=2) + noise(6, seed=3)
    rows = tf.reshape(normal[:, 1:], [-1, 6])
    z = tf.matmul(rows, noise(6, 8)) + noise(8)
    z = 0.5 * z * (1.0 + tf.math.erf(z / np.float32(np.sqrt(2))))
    return tf.matmul(z, noise(8, 3))


def test_layer_norm_and_gelu_leave_their_scales_to_the_products():
    found = check(transformer_block, IMAGE, fold_scales, sink_scales, fold_gelu_scales)
    # Layer norm: mean, subtract, square, mean, add epsilon, rsqrt, multiply.
    # GELU: erf, add one, multiply.
    assert (found["Mean"], found["Sub"], found["Square"], found["Rsqrt"]) == (2, 1, 1, 1)
    assert (found["Mul"], found["Erf"], found["MatMul"]) == (2, 1, 3)
    assert found.get("AddV2", 0) + found.get("BiasAdd", 0) == 4  # two biases, epsilon, 1 + erf
    assert "RealDiv" not in found


def test_a_gelu_that_something_else_reads_keeps_its_scale():
    def build(x):
        z = convolution(x, 4)
        y = 0.5 * z * (1.0 + tf.math.erf(z * np.float32(np.sqrt(0.5))))
        return y + z

    assert check(build, IMAGE, sink_scales, fold_gelu_scales)["Mul"] == 3
