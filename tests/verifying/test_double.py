"""A graph in float64: the same function, with rounding of its own size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow")
import tensorflow as tf

from sigfix.verifying.runners.double import in_double
from sigfix.verifying.runners.graph_child import graph_function

RANDOM = np.random.default_rng(0)
IMAGE = RANDOM.random((2, 8, 6, 3), np.float32)


def weights(*shape: int) -> np.ndarray[Any, Any]:
    return RANDOM.standard_normal(shape).astype(np.float32)


def frozen(build: Callable[[Any], Any], shape: tuple[int | None, ...]) -> Any:
    """A GraphDef of `y = build(x)`, float32."""
    graph = tf.Graph()
    with graph.as_default():
        x = tf.compat.v1.placeholder(tf.float32, shape, "x")
        tf.identity(build(x), "y")
    return graph.as_graph_def()


def both(build: Callable[[Any], Any], value: np.ndarray[Any, Any]) -> tuple[Any, Any]:
    """What the graph computes of `value` in float32 and in float64."""
    definition = frozen(build, (None, *value.shape[1:]))
    names = ({"x": "x"}, {"y": "y"})
    return tuple(
        graph_function(definition, *names, double)({"x": value})["y"] for double in (False, True)
    )  # type: ignore[return-value]


def normalised(x: Any) -> Any:
    scale, offset, mean = weights(3), weights(3), weights(3)
    return tf.compat.v1.nn.fused_batch_norm(
        x, scale, offset, mean, np.abs(weights(3)), epsilon=1e-3, is_training=False
    )[0]


GRAPHS: dict[str, Callable[[Any], Any]] = {
    "batch norm": normalised,
    "convolution": lambda x: tf.nn.conv2d(x, weights(3, 3, 3, 4), 1, "SAME"),
    "depthwise": lambda x: tf.nn.depthwise_conv2d(x, weights(3, 3, 3, 1), [1, 1, 1, 1], "SAME"),
    "bilinear resize": lambda x: tf.compat.v1.image.resize_bilinear(x, [5, 9]),
    "nearest resize": lambda x: tf.compat.v1.image.resize_nearest_neighbor(x, [5, 9]),
    "cubic resize": lambda x: tf.compat.v1.image.resize_bicubic(x, [5, 9]),
    "product": lambda x: tf.linalg.matmul(x, weights(3, 5)),
    "softmax": lambda x: tf.nn.softmax(x * 3),
    "pooling": lambda x: tf.nn.avg_pool2d(x, 2, 2, "SAME") - tf.nn.max_pool2d(x, 2, 2, "SAME"),
    "cast there and back": lambda x: tf.cast(tf.cast(x * 10, tf.int32), tf.float32) / 7,
    "all in a row": lambda x: tf.nn.softmax(
        tf.compat.v1.image.resize_bilinear(
            tf.nn.relu(normalised(tf.nn.conv2d(x, weights(3, 3, 3, 3), 1, "SAME"))), [5, 9]
        )
        + 1.0
    ),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_the_same_function_with_more_digits(name: str) -> None:
    plain, double = both(GRAPHS[name], IMAGE)
    assert (plain.dtype, double.dtype) == (np.float32, np.float64)
    assert plain.shape == double.shape
    assert np.ptp(plain) > 0.01
    np.testing.assert_allclose(plain, double, rtol=1e-4, atol=1e-5 * np.ptp(plain))


def test_float64_is_nearer_to_the_truth() -> None:
    """A sum whose parts cancel: float32 has lost what float64 still knows."""
    large = RANDOM.standard_normal((1, 512)).astype(np.float32) * np.float32(1e4)
    kernel = np.concatenate([np.eye(512, dtype=np.float32).sum(1, keepdims=True)] * 2, 1)
    plain, double = both(lambda x: tf.linalg.matmul(x, kernel), large)
    truth = large.astype(np.float64).sum()
    assert np.abs(double - truth).max() < np.abs(plain - truth).max()
    np.testing.assert_allclose(double, truth, rtol=1e-12)


def test_batch_norm_is_what_the_formula_says() -> None:
    scale, offset, mean, variance = weights(3), weights(3), weights(3), np.abs(weights(3))

    def build(x: Any) -> Any:
        return tf.compat.v1.nn.fused_batch_norm(
            x, scale, offset, mean, variance, epsilon=0.25, is_training=False
        )[0]

    _, double = both(build, IMAGE)
    wide = [v.astype(np.float64) for v in (IMAGE, scale, offset, mean, variance)]
    image, scale64, offset64, mean64, variance64 = wide
    expected = (image - mean64) / np.sqrt(variance64 + 0.25) * scale64 + offset64
    np.testing.assert_allclose(double, expected, rtol=1e-12, atol=1e-12)


def test_what_has_no_float64_form_is_refused() -> None:
    def training(x: Any) -> Any:
        return tf.compat.v1.nn.fused_batch_norm(x, weights(3), weights(3))[0]

    with pytest.raises(ValueError, match="training form"):
        in_double(frozen(training, (None, 8, 6, 3)))

    @tf.function
    def inner(x: Any) -> Any:
        return x + 1.0

    function = inner.get_concrete_function(tf.TensorSpec([None], tf.float32))
    graph = tf.Graph()
    with graph.as_default():
        function(tf.compat.v1.placeholder(tf.float32, [None], "x"))
    with pytest.raises(ValueError, match="functions"):
        in_double(graph.as_graph_def())


def test_integers_and_the_graph_itself_are_left_alone() -> None:
    definition = frozen(lambda x: tf.reshape(x, [-1, 9, 2]), (None, 6, 3))
    before = definition.SerializeToString()
    wide = in_double(definition)
    assert definition.SerializeToString() == before
    kinds = {node.name: node.attr["dtype"].type for node in wide.node if node.op == "Const"}
    assert set(kinds.values()) == {tf.int32.as_datatype_enum}
    (placeholder,) = (node for node in wide.node if node.op == "Placeholder")
    assert placeholder.attr["dtype"].type == tf.float64.as_datatype_enum
