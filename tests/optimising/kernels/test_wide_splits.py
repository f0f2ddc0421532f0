"""Splits into many parts, which TF.js's wasm backend pays for part by part."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising.kernels.wide_splits import split_in_two_levels
from tests.optimising.graphs import frozen, noise, operators, run


def added_up(parts, shape):
    """Something that tells the parts apart and their order."""
    return tf.add_n([tf.reshape(part * (k + 1.0), shape) for k, part in enumerate(parts)])


@pytest.mark.parametrize(
    ("shape", "build", "kinds"),
    [
        ((32, 1, 4096), lambda x: added_up(tf.split(x, 32, 0), [4096]), {"Split": 5}),
        ((32, None, 2048), lambda x: added_up(tf.unstack(x, 32, 0), [-1, 2048]), {"Unpack": 4}),
        ((3, 12, 9000), lambda x: added_up(tf.split(x, 12, -2), [3, 9000]), {"Split": 4}),
        ((2, 30000, 12), lambda x: added_up(tf.unstack(x, 12, -1), [2, 30000]), {"Unpack": 3}),
    ],
)
def test_every_part_is_where_it_was(shape, build, kinds):
    graph = frozen(build, *shape)
    x = noise(*(size or 3 for size in shape))
    before = run(graph, x)
    assert split_in_two_levels(graph) == 1
    found = operators(graph)
    assert {kind: found[kind] for kind in kinds} == kinds
    np.testing.assert_array_equal(run(graph, x), before)


@pytest.mark.parametrize(
    ("shape", "parts"), [((32, 64), 32), ((31, 9000), 31), ((2, 1 << 20), 2), ((8, None), 8)]
)
def test_what_is_small_or_prime_or_in_few_parts_stays(shape, parts):
    graph = frozen(lambda x: added_up(tf.split(x, parts, 0), [-1]), *shape)
    assert split_in_two_levels(graph) == 0


def test_a_split_that_is_an_output_stays():
    graph = frozen(lambda x: tf.split(x, 16, 0)[0], 16, 1 << 14)
    (split,) = (node for node in graph.nodes.values() if node.op == "Split")
    graph.outputs = (str(split.name),)
    assert split_in_two_levels(graph) == 0
