"""GELU by tanh in six operators, however it was written."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising.scales.tanh_gelu import rewrite_tanh_gelus
from tests.optimising.graphs import frozen, noise, operators, run

C, K = 0.7978845608028654, 0.044715


def check(build):
    graph = frozen(build, None, 50)
    x = noise(9, 50) * 4
    before = run(graph, x)
    rewrite_tanh_gelus(graph)
    graph.prune()
    # 1 + tanh loses its last bits where tanh is near -1; sigmoid does not.
    np.testing.assert_allclose(run(graph, x), before, rtol=1e-5, atol=5e-6)
    found = operators(graph)
    return found["Tanh"], sum(found[op] for op in ("Square", "Mul", "AddV2", "Sigmoid", "Pow"))


@pytest.mark.parametrize(
    "build",
    [
        lambda x: tf.nn.gelu(x, approximate=True),
        lambda x: 0.5 * x * (1.0 + tf.tanh(C * (x + K * x * x * x))),
        lambda x: x * (0.5 * (tf.tanh((x + tf.square(x) * x * K) * C) + 1.0)),
        lambda x: x * 0.5 * (1.0 + tf.tanh(x * C * (1.0 + K * tf.square(x)))),
        lambda x: 0.5 * (x * (1.0 + tf.tanh(C * x + C * K * tf.pow(x, 3.0)))),
    ],
)
def test_forms_of_exporters(build):
    assert check(build) == (0, 6)


def test_another_factor_stays_a_factor():
    assert check(lambda x: 3.0 * x * (1.0 + tf.tanh(C * (x + K * x * x * x)))) == (0, 7)


@pytest.mark.parametrize(
    "build",
    [
        lambda x: 0.5 * x * (2.0 + tf.tanh(C * (x + K * x * x * x))),
        lambda x: 0.5 * x * (1.0 + tf.tanh(C * (x + K * x * x))),
        lambda x: 0.5 * x * (1.0 + tf.tanh(C * (x + K * x * x * x) + 1.0)),
        lambda x: 0.5 * x * (1.0 + tf.tanh(C * tf.sin(x))),
        lambda x: 0.5 * tf.sin(x) * (1.0 + tf.tanh(C * (x + K * x * x * x))),
        lambda x: x * x * (1.0 + tf.tanh(C * (x + K * x * x * x))),
    ],
)
def test_other_uses_of_tanh_stay(build):
    assert check(build)[0] == 1
