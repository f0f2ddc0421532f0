"""Masks turned round or chosen: in TF.js's wasm backend they wrote over what lies behind them."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising.kernels.booleans import move_as_numbers
from tests.exporting.models import floats, save
from tests.optimising.graphs import frozen, noise, operators, run


def turned(x):
    return tf.reverse(x > 0.0, [1])


def chosen(x):
    """By a condition of fewer axes, of which one is open."""
    return tf.where(tf.reduce_sum(x, axis=1, keepdims=True) > 0.0, x > 0.1, x < 0.3)


def masked(mask, x):
    """Much behind a mask that it could write over."""
    for part in tf.split(tf.reverse(x, [0]), 4, 1):
        x = tf.where(mask, tf.concat([part] * 4, 1), tf.tanh(x))
    return x


@pytest.mark.parametrize(("mask", "casts"), [(turned, 2), (chosen, 3)])
def test_only_booleans_are_moved_as_numbers(mask, casts):
    graph, x = frozen(lambda x: masked(mask(x), x), None, 64), noise(3, 64)
    before, kinds = run(graph, x), operators(graph)
    assert move_as_numbers(graph) == 1
    assert operators(graph) == {**kinds, "Cast": casts}
    np.testing.assert_array_equal(run(graph, x), before)
    assert move_as_numbers(graph) == 0


@pytest.mark.skipif(not find_spec("tensorflowjs"), reason="tensorflowjs is absent")
@pytest.mark.parametrize("mask", [turned, chosen])
def test_tfjs_computes_the_same(mask, tmp_path, node_packages):
    from sigfix.pipeline.convert import ConvertOptions, convert
    from sigfix.verifying.runners import tfjs

    save(tmp_path / "m", lambda x: {"y": masked(mask(x), x)}, floats("x", None, 64))
    x = noise(3, 64)
    for without, right in (((), True), (("booleans",), False)):
        folder = tmp_path / f"web{len(without)}"
        convert(tmp_path / "m", folder, ConvertOptions(without=without, verify=False))
        try:
            found = tfjs.run(folder, [{"x": x}] * 3, ["y"]).outputs
        except Exception:
            assert not right
            continue
        same = all(np.allclose(each["y"], masked(mask(x), x), atol=1e-6) for each in found)
        assert same == right
