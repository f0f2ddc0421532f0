"""Stacks: the same elements in the same places, with one reshape behind instead of many before."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising.products.stacking import join_before_reshaping
from tests.optimising.graphs import frozen, noise, operators, run


def check(build, *shape):
    """The operators afterwards; every element is what it was, to the bit."""
    graph = frozen(build, *shape)
    x = noise(*(3 if n is None else n for n in shape))
    before = run(graph, x)
    join_before_reshaping(graph)
    graph.prune()
    np.testing.assert_array_equal(run(graph, x), before)
    return operators(graph)


def steps(x, count=4):
    return [tf.sin(x + float(i)) for i in range(count)]


@pytest.mark.parametrize("shape", [(None, 5), (2, 5), (4, None, 5)])
def test_steps_of_a_loop_are_joined_and_reshaped_once(shape):
    axis = len(shape) - 1
    found = check(lambda x: tf.concat([tf.expand_dims(s, axis) for s in steps(x)], axis), *shape)
    assert (found["ConcatV2"], found["Reshape"], found["ExpandDims"]) == (1, 1, 0)


def test_reshapes_that_add_an_axis_count_as_well():
    found = check(lambda x: tf.concat([tf.reshape(s, [-1, 1, 5]) for s in steps(x)], 1), None, 5)
    assert (found["ConcatV2"], found["Reshape"]) == (1, 1)


def test_a_stack_in_the_middle_of_the_axes():
    def build(x):
        return tf.concat([tf.reshape(s, [-1, 1, 3, 2]) for s in steps(x, 3)], -3)

    found = check(build, None, 3, 2)
    assert (found["ConcatV2"], found["Reshape"]) == (1, 1)


def test_a_new_last_axis_has_nothing_behind_it_to_join_along():
    found = check(lambda x: tf.concat([tf.expand_dims(s, 2) for s in steps(x)], 2), None, 5)
    assert (found["ConcatV2"], found["ExpandDims"], found["Reshape"]) == (1, 4, 0)


def test_parts_of_other_sizes_stay():
    def build(x):
        parts = [tf.expand_dims(s, 1) for s in steps(x, 3)]
        return tf.concat([*parts, tf.stack([x, x], 1)], 1)

    assert check(build, None, 5)["ExpandDims"] == 3


def test_reshapes_that_others_read_are_not_counted_twice():
    def build(x):
        parts = [tf.expand_dims(s, 1) for s in steps(x, 3)]
        return tf.concat(parts, 1) + parts[0] + parts[1]

    found = check(build, None, 5)
    assert (found["ExpandDims"], found["Reshape"]) == (3, 0)


def test_an_open_size_to_join_along_stays():
    found = check(lambda x: tf.concat([tf.expand_dims(s, 0) for s in steps(x)], 0), None, 5)
    assert found["ExpandDims"] == 4
