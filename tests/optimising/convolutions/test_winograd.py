"""Winograd's form of a convolution against TensorFlow's plain one."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
import tensorflow as tf

from sigfix.exporting.tfjs_model import quantised_weights
from sigfix.optimising.convolutions import winograd
from sigfix.optimising.kernels import padding
from sigfix.optimising.passes import optimise_kernels, optimise_values
from tests.optimising.graphs import frozen, noise, operators, run

SIZE, CHANNELS = 32, 128
"""Large enough to be worth it."""


def kernel(height: int = 3, channels: int = CHANNELS) -> np.ndarray:
    scale = np.float32(np.sqrt(2 / (3 * height * channels)))
    return noise(height, 3, channels, CHANNELS, seed=1) * scale


def convolution(height: int = 3, pads="SAME", **options):
    return lambda x: tf.nn.conv2d(x, kernel(height), options.get("strides", 1), pads)


def rewritten(graph) -> int:
    count = winograd.use_winograd(graph)
    assert (operators(graph)["DepthwiseConv2dNative"] > 0) == (count > 0)
    return count


@pytest.mark.parametrize(
    ("height", "pads", "rows"),
    [
        (3, "SAME", SIZE),
        (1, "SAME", 3 * SIZE),
        (2, "SAME", SIZE),
        (4, "SAME", SIZE),
        (3, [[0, 0], [0, 0], [1, 1], [0, 0]], SIZE),
        (3, [[0, 0], [2, 1], [1, 1], [0, 0]], SIZE),
    ],
)
def test_the_numbers_are_the_plain_convolutions(height, pads, rows):
    graph = frozen(convolution(height, pads), None, rows, SIZE, CHANNELS)
    x = noise(2, rows, SIZE, CHANNELS)
    expected = run(graph, x)
    assert rewritten(graph) == 1
    assert operators(graph)["Conv2D"] == 6
    np.testing.assert_allclose(run(graph, x), expected, atol=2e-5 * np.ptp(expected))


DEEP = 512
"""Channels of a kernel that is large for its image of 8 x 16."""


def deep_convolution(height: int = 3, pads="SAME"):
    weights = noise(height, 3, DEEP, DEEP, seed=1) * np.float32(np.sqrt(2 / (3 * height * DEEP)))
    return lambda x: tf.nn.conv2d(x, weights, 1, pads)


@pytest.mark.parametrize(
    ("height", "pads", "rows"),
    [
        (3, "SAME", 8),
        (1, "SAME", 32),
        (2, "SAME", 16),
        (4, "SAME", 8),
        (3, [[0, 0], [0, 0], [1, 1], [0, 0]], 12),
        (1, [[0, 0], [1, 2], [1, 1], [0, 0]], 32),
    ],
)
def test_large_kernels_become_the_left_side_of_matrix_products(height, pads, rows):
    graph = frozen(deep_convolution(height, pads), None, rows, 16, DEEP)
    x = noise(2, rows, 16, DEEP)
    expected = run(graph, x)
    assert rewritten(graph) == 1
    assert (operators(graph)["MatMul"], operators(graph)["Conv2D"]) == (6, 0)
    np.testing.assert_allclose(run(graph, x), expected, atol=2e-5 * np.ptp(expected))


def test_the_bias_of_a_large_kernel_goes_into_one_product():
    bias = noise(DEEP, seed=2)
    graph = frozen(
        lambda x: tf.nn.relu(tf.nn.bias_add(deep_convolution()(x), bias)), None, 8, 16, DEEP
    )
    x = noise(1, 8, 16, DEEP)
    expected = run(graph, x)
    assert rewritten(graph) == 1
    assert operators(graph)["BiasAdd"] == 0
    np.testing.assert_allclose(run(graph, x), expected, atol=2e-5 * np.ptp(expected))


def test_the_bias_goes_into_one_product():
    bias = noise(CHANNELS, seed=2)
    graph = frozen(
        lambda x: tf.nn.relu(tf.nn.bias_add(convolution()(x), bias)), None, SIZE, SIZE, CHANNELS
    )
    x = noise(1, SIZE, SIZE, CHANNELS)
    expected = run(graph, x)
    assert rewritten(graph) == 1
    (biased,) = (n for n in graph.nodes.values() if n.op == "BiasAdd")
    assert graph.nodes[biased.input[0]].op == "Conv2D"
    np.testing.assert_allclose(run(graph, x), expected, atol=2e-5 * np.ptp(expected))


def test_a_result_that_somebody_else_reads_without_the_bias_is_kept():
    bias = noise(CHANNELS, seed=2)

    def build(x):
        y = convolution()(x)
        return tf.nn.bias_add(y, bias) * y

    graph = frozen(build, None, SIZE, SIZE, CHANNELS)
    x = noise(1, SIZE, SIZE, CHANNELS)
    expected = run(graph, x)
    assert rewritten(graph) == 1
    np.testing.assert_allclose(run(graph, x), expected, atol=2e-5 * np.ptp(expected))


@pytest.mark.parametrize(
    ("build", "shape"),
    [
        (convolution(strides=2), (None, SIZE, SIZE, CHANNELS)),
        (convolution(pads="VALID"), (None, SIZE, SIZE, CHANNELS)),
        (convolution(pads=[[0, 0], [1, 1], [2, 0], [0, 0]]), (None, SIZE, SIZE, CHANNELS)),
        (convolution(), (None, SIZE, SIZE + 2, CHANNELS)),
        (convolution(), (None, None, SIZE, CHANNELS)),
        (lambda x: tf.nn.conv2d(x, kernel(), 1, "SAME", dilations=2), (1, SIZE, SIZE, CHANNELS)),
    ],
    ids=["stride", "VALID", "pads", "width", "unknown height", "dilation"],
)
def test_what_it_is_not_made_for_is_left_alone(build, shape):
    assert rewritten(frozen(build, *shape)) == 0


def test_a_small_image_is_not_worth_it():
    assert rewritten(frozen(convolution(), None, 4, 8, CHANNELS)) == 0


def test_only_the_wasm_target_gets_it():
    graph = frozen(convolution(), None, SIZE, SIZE, CHANNELS)
    assert operators(optimise_values(graph))["Conv2D"] == 1
    assert operators(optimise_values(graph, target="tfjs-wasm"))["Conv2D"] == 6
    without = optimise_values(graph, ["winograd"], "tfjs-wasm")
    assert operators(without)["Conv2D"] == 1


def test_transforms_are_shared_and_the_margin_goes_into_the_kernels():
    graph = frozen(lambda x: convolution()(convolution()(x)), None, SIZE, SIZE, CHANNELS)
    graph = optimise_kernels(optimise_values(graph, target="tfjs-wasm"))
    tiles = [n for n in graph.nodes.values() if n.op == "DepthwiseConv2dNative"]
    assert len(tiles) == 12
    assert len({n.input[1] for n in tiles}) == 6
    assert operators(graph)["Pad"] == 0


def test_the_transforms_are_not_rounded_when_weights_are():
    graph = optimise_values(frozen(convolution(), None, SIZE, SIZE, CHANNELS), target="tfjs-wasm")
    tiles = {n.input[1] for n in graph.nodes.values() if n.op == "DepthwiseConv2dNative"}
    chosen = quantised_weights(graph, "uint8")
    assert len(tiles) == 6
    assert not tiles & set(chosen)
    assert len(chosen) == 3


def test_padding_that_two_convolutions_read_goes_into_both():
    def build(x):
        padded = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
        return tf.nn.conv2d(padded, noise(3, 3, 2, 4), 1, "VALID") + tf.nn.conv2d(
            padded, noise(3, 3, 2, 4, seed=3), 1, "VALID"
        )

    graph = frozen(build, None, 6, 6, 2)
    assert padding.fold_padding(graph) == 2
    assert operators(graph)["Pad"] == 0


def test_padding_that_something_else_reads_too_stays():
    def build(x):
        padded = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
        y = tf.nn.conv2d(padded, noise(3, 3, 2, 2), 1, "VALID")
        return tf.reduce_sum(padded) + y

    graph = frozen(build, None, 6, 6, 2)
    assert padding.fold_padding(graph) == 0


@pytest.mark.skipif(not find_spec("tensorflowjs"), reason="tensorflowjs is absent")
@pytest.mark.parametrize(
    ("layer", "shape", "dtype"),
    [
        (convolution(), (SIZE, SIZE, CHANNELS), None),
        (convolution(), (SIZE, SIZE, CHANNELS), "uint8"),
        (deep_convolution(), (8, 16, DEEP), None),
    ],
    ids=["large image", "large image, uint8", "large kernel"],
)
def test_tfjs_computes_the_same_for_any_batch(layer, shape, dtype, tmp_path, node_packages):
    from sigfix.pipeline.conversion_options import ConvertOptions
    from sigfix.pipeline.convert import convert

    module = tf.Module()
    spec = tf.TensorSpec([None, *shape], tf.float32, "x")
    module.serve = tf.function(lambda x: {"y": tf.nn.relu(layer(x))}, input_signature=[spec])
    tf.saved_model.save(module, str(tmp_path / "model"), signatures=module.serve)
    options = ConvertOptions(target="tfjs-wasm", quantize=dtype)
    result = convert(tmp_path / "model", tmp_path / "web", options)
    assert result.operators["DepthwiseConv2dNative"] == 6
    assert result.comparisons and all(c.parity.ok for c in result.comparisons)
