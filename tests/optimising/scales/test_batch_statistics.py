"""Batch norms in training mode: the numbers of TensorFlow, from operators that TF.js computes."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising import passes
from sigfix.optimising.scales.batch_statistics import compute_statistics
from tests.optimising.graphs import frozen, noise, operators, run


def trained(x, scale=None, offset=None, epsilon=1e-3):
    c = x.shape[-1]
    return tf.raw_ops.FusedBatchNormV3(
        x=x,
        scale=noise(c, seed=1) if scale is None else scale,
        offset=noise(c, seed=2) if offset is None else offset,
        mean=tf.constant([], tf.float32),
        variance=tf.constant([], tf.float32),
        epsilon=epsilon,
    )


def layer_norm(x):
    """As Keras 2 writes it: rows are the channels of an image, in front."""
    rows = tf.shape(x)[0] * 6
    image = tf.reshape(x, tf.stack([1, rows, 8, 1]))
    y, *_ = tf.raw_ops.FusedBatchNormV3(
        x=image,
        scale=tf.fill([rows], 1.0),
        offset=tf.fill([rows], 0.0),
        mean=tf.constant([], tf.float32),
        variance=tf.constant([], tf.float32),
        epsilon=1e-3,
        data_format="NCHW",
    )
    return tf.reshape(y, tf.shape(x)) * noise(8, seed=3) + noise(8, seed=4)


def normal(x, axes, epsilon=1e-3):
    x = x.astype(np.float64)
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + epsilon)


@pytest.mark.parametrize("epsilon", [1e-3, 0.5])
@pytest.mark.parametrize("offset", [None, np.zeros(3, np.float32)])
@pytest.mark.parametrize("scale", [None, np.ones(3, np.float32)])
def test_of_images(scale, offset, epsilon):
    graph = frozen(lambda x: trained(x, scale, offset, epsilon)[0], None, 4, 5, 3)
    x = noise(2, 4, 5, 3) + 1.0
    before = run(graph, x)
    assert compute_statistics(graph) == 1
    assert "FusedBatchNormV3" not in operators(graph)
    np.testing.assert_allclose(run(graph, x), before, atol=1e-5)
    assert run(passes.optimise_values(graph), x) == pytest.approx(before, abs=1e-5)


def test_of_rows_as_keras_2_has_it():
    """TensorFlow cannot run this on every processor: NumPy says what is right."""
    graph = frozen(layer_norm, None, 6, 8)
    x = noise(3, 6, 8) + 1.0
    expected = normal(x, -1) * noise(8, seed=3) + noise(8, seed=4)
    for changed in (graph.copy(), passes.optimise_values(graph)):
        compute_statistics(changed)
        assert "FusedBatchNormV3" not in operators(changed)
        np.testing.assert_allclose(run(changed, x), expected, atol=1e-5)


def test_what_else_is_read_or_is_in_inference_stays():
    def statistics(x):
        y, mean, *_ = trained(x)
        return y + mean

    def inference(x):
        c = x.shape[-1]
        y, *_ = tf.compat.v1.nn.fused_batch_norm(
            x, noise(c), noise(c), noise(c), abs(noise(c)) + 1, is_training=False
        )
        return y

    for build in (statistics, inference):
        assert compute_statistics(frozen(build, None, 4, 5, 3)) == 0


@pytest.mark.skipif(not find_spec("tensorflowjs"), reason="tensorflowjs is absent")
def test_tfjs_computes_the_same(tmp_path, node_packages):
    from sigfix.pipeline.convert import convert
    from tests.exporting.models import floats, save

    model = save(tmp_path / "model", lambda x: {"y": trained(x)[0]}, floats("x", None, 4, 5, 3))
    result = convert(model, tmp_path / "web")
    assert all(c.parity.ok for c in result.comparisons)
    assert result.comparisons
