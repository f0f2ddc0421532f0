"""Masks turned round: in TF.js's wasm backend they wrote over what lies behind them."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising.kernels.boolean_reverses import reverse_as_numbers
from tests.exporting.models import floats, save
from tests.optimising.graphs import frozen, noise, operators, run


def masked(x):
    """A mask turned round, and much behind it that it could write over."""
    mask = tf.reverse(x > 0.0, [1])
    for part in tf.split(tf.reverse(x, [0]), 4, 1):
        x = tf.where(mask, tf.concat([part] * 4, 1), tf.tanh(x))
    return x


def test_only_booleans_are_turned_round_as_numbers():
    graph, x = frozen(masked, None, 64), noise(3, 64)
    before = run(graph, x)
    assert reverse_as_numbers(graph) == 1
    assert operators(graph)["ReverseV2"] == operators(graph)["Cast"] == 2
    np.testing.assert_array_equal(run(graph, x), before)
    assert reverse_as_numbers(graph) == 0


@pytest.mark.skipif(not find_spec("tensorflowjs"), reason="tensorflowjs is absent")
def test_tfjs_computes_the_same(tmp_path, node_packages):
    from sigfix.pipeline.convert import ConvertOptions, convert
    from sigfix.verifying.runners import tfjs

    save(tmp_path / "m", lambda x: {"y": masked(x)}, floats("x", None, 64))
    x = noise(3, 64)
    for without, right in (((), True), (("boolean-reverses",), False)):
        folder = tmp_path / f"web{len(without)}"
        convert(tmp_path / "m", folder, ConvertOptions(without=without, verify=False))
        try:
            found = tfjs.run(folder, [{"x": x}] * 3, ["y"]).outputs
        except Exception:
            assert not right
            continue
        same = all(np.allclose(each["y"], masked(x), atol=1e-6) for each in found)
        assert same == right
