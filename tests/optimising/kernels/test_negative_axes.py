"""Running sums along the last axis: TF.js gets them wrong where the axis is negative."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
import tensorflow as tf

from sigfix.errors import SigfixError
from sigfix.optimising.kernels.negative_axes import count_from_the_first
from tests.exporting.models import floats, save
from tests.optimising.graphs import frozen, noise, run


def running(x):
    """Two sums that stay as they are, and a sum and a product along negative axes."""
    x = tf.reshape(x, [-1, 3, 4])
    x = tf.cumsum(x, 1, exclusive=True) + tf.cumsum(x, 2, reverse=True)
    return tf.cumsum(x, -2) + tf.math.cumprod(x, -1)


def test_negative_axes_count_from_the_first():
    graph, x = frozen(running, None, 12), noise(5, 12)
    before = run(graph, x)
    assert count_from_the_first(graph) == 2
    np.testing.assert_array_equal(run(graph, x), before)
    assert count_from_the_first(graph) == 0


@pytest.mark.skipif(not find_spec("tensorflowjs"), reason="tensorflowjs is absent")
def test_tfjs_computes_the_same(tmp_path, node_packages):
    from sigfix.pipeline.convert import ConvertOptions, convert

    save(tmp_path / "m", lambda x: {"y": running(x)}, floats("x", None, 12))
    assert convert(tmp_path / "m", tmp_path / "web").comparisons
    with pytest.raises(SigfixError, match=r"differs|cannot run"):
        convert(tmp_path / "m", tmp_path / "wrong", ConvertOptions(without=("axes",)))
