"""Rows that are sorted apart: as many as the input tells, so with executeAsync."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.pipeline.convert import convert
from sigfix.verifying.runners import tfjs
from tests.optimising.expressing.cases import drawn
from tests.optimising.graphs import frozen, operators, run


@pytest.fixture(scope="module")
def parted(tmp_path_factory, node_packages):
    """Rows by the sign of their first number, and stitched together again in another order."""
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, "x")])
    def serve(x):
        number = tf.cast(x[:, 0] > 0, tf.int32) + tf.cast(x[:, 0] > 1, tf.int32)
        below, above, far = tf.dynamic_partition(x, number, 3)
        places = tf.dynamic_partition(tf.range(tf.shape(x)[0]), number, 3)
        return {"far": far, "whole": tf.dynamic_stitch(places, [below, above * 2, far * 3])}

    folder = tmp_path_factory.mktemp("parted")
    module.serve = serve
    tf.saved_model.save(module, str(folder / "model"), signatures=serve)
    result = convert(folder / "model", folder / "web")
    assert result.mode == "executeAsync"
    return folder / "web", serve


@pytest.mark.parametrize("backend", ["cpu", "wasm"])
def test_rows_are_sorted_apart_in_tensorflow_js(backend, parted):
    web, serve = parted
    cases = [drawn((7, 3)), drawn((2, 3), 1), np.ones([3, 3], np.float32) * 2]
    found = tfjs.run(web, [{"x": x} for x in cases], ["far", "whole"], backend=backend)
    for x, outputs in zip(cases, found.outputs, strict=True):
        for name, expected in serve(x).items():
            np.testing.assert_allclose(outputs[name], expected, rtol=1e-6, err_msg=name)


def test_numbers_of_several_axes_and_of_none():
    graph = frozen(
        lambda x: tf.concat(tf.dynamic_partition(x, tf.cast(x[..., 0] > 9, tf.int32), 2), 0),
        2,
        3,
        4,
    )
    x = drawn((2, 3, 4))
    before = run(graph, x)
    from sigfix.optimising.expressing.operators import express_operators

    assert express_operators(graph) == 1 and "DynamicPartition" not in operators(graph)
    np.testing.assert_array_equal(run(graph, x), before)
