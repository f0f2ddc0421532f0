"""Places of the largest element: the same numbers in int32, without the casts to it."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising.shapes.index_types import use_int32_indices
from tests.optimising.graphs import frozen, noise, operators, run


def check(build):
    graph = frozen(build, None, 5)
    x = noise(7, 5)
    before = run(graph, x)
    use_int32_indices(graph)
    graph.prune()
    after = run(graph, x)
    assert after.dtype == before.dtype
    np.testing.assert_array_equal(after, before)
    return operators(graph)


@pytest.mark.parametrize("function", [tf.argmax, tf.argmin])
def test_an_index_needs_no_cast(function):
    table = noise(5, 3)
    found = check(lambda x: tf.gather(table, tf.cast(function(x, -1), tf.int32)))
    assert found["Cast"] == 0


def test_casts_to_numbers_and_comparisons_read_int32_as_well():
    def build(x):
        best = tf.argmax(x, -1)
        picked = tf.gather(noise(5), tf.cast(best, tf.int32))
        return tf.cast(best, tf.float32) + tf.cast(tf.equal(best, 3), tf.float32) + picked

    assert check(build)["Cast"] == 2


def too_large_for_int32(x):
    best = tf.argmax(x, -1)
    return tf.cast(best, tf.int32) + tf.cast(best < 2**40, tf.int32)


@pytest.mark.parametrize(
    "build",
    [
        lambda x: tf.argmax(x, -1),  # the output itself is int64
        lambda x: tf.cast(tf.argmax(x, -1) * 2, tf.int32),
        too_large_for_int32,
    ],
)
def test_what_needs_int64_keeps_it(build):
    graph = frozen(build, None, 5)
    assert use_int32_indices(graph) == 0
    (node,) = (n for n in graph.nodes.values() if n.op == "ArgMax")
    assert node.attr["output_type"].type == tf.int64.as_datatype_enum
