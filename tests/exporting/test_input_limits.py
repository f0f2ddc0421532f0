"""What the inputs of a frozen graph may be: rows of tables, flags, types that they are cast to."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.exporting.input_limits import input_limits, known_values
from sigfix.optimising.graph.graph import from_graph_def
from sigfix.planning.edits import InputPlan
from sigfix.planning.steps import Cast
from sigfix.verifying.inputs.cases import made_up

TABLE = np.ones([7, 3], np.float32)
BUILDS = {
    "ids": (tf.int32, lambda x: tf.gather(TABLE, x), (0, 6)),
    "columns": (tf.int32, lambda x: tf.gather(TABLE, x, axis=1), (0, 2)),
    "two tables": (
        tf.int64,
        lambda x: tf.gather(TABLE, tf.reshape(x, [-1])) + tf.gather(TABLE[:4], x[0]),
        (0, 3),
    ),
    "mask": (tf.int32, lambda x: (1.0 - tf.cast(x, tf.float32)) * -1e9, (0, 1)),
    "flag": (tf.int32, lambda x: tf.cast(tf.cast(x[:, None], tf.bool), tf.float32), (0, 1)),
    "picture": (tf.float32, lambda x: tf.cast(tf.cast(x, tf.uint8), tf.float32), (0, 255)),
    "anything": (tf.int32, lambda x: tf.cast(x, tf.float32) * 2.0, None),
    "what is looked up in": (tf.float32, lambda x: tf.gather(x, [0, 1]), None),
}


def frozen(dtype, build):
    """A graph from a vector `x` of two to `y`."""
    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(dtype, [2], name="x")
        tf.identity(build(x), name="y")
    return from_graph_def(graph.as_graph_def(), ["x"], ["y"])


@pytest.mark.parametrize("name", BUILDS)
def test_read_off_the_graph(name):
    dtype, build, expected = BUILDS[name]
    limits = input_limits(frozen(dtype, build), {"key": "x"})
    assert limits == ({} if expected is None else {"key": expected})


def a_table(x):
    table = tf.raw_ops.HashTableV2(key_dtype=x.dtype, value_dtype=tf.float32, shared_name="t")
    keys = tf.constant([b"cat", b"dog"] if x.dtype == tf.string else [300, 7], x.dtype)
    values = tf.constant([1.0, 2.0])
    filled = tf.raw_ops.LookupTableImportV2(table_handle=table, keys=keys, values=values)
    with tf.control_dependencies([filled]):
        return tf.raw_ops.LookupTableFindV2(table_handle=table, keys=x, default_value=-1.0)


LOOKED_UP = {
    "a table of texts": (tf.string, lambda x: a_table(tf.strings.lower(x)), [b"cat", b"dog"]),
    "a table of numbers": (tf.int64, a_table, [7, 300]),
    "a text": (tf.string, lambda x: tf.not_equal("b", x), [b"b"]),
    "both": (
        tf.string,
        lambda x: tf.where(tf.equal(x, "z"), 0.0, a_table(x)),
        [b"cat", b"dog", b"z"],
    ),
    "texts with each other": (tf.string, lambda x: tf.equal(x[0], x[1]), None),
    "numbers": (tf.int64, lambda x: tf.equal(x, 5), None),
}


@pytest.mark.parametrize("name", LOOKED_UP)
def test_what_is_looked_up_is_known(name):
    dtype, build, expected = LOOKED_UP[name]
    known = known_values(frozen(dtype, build), {"key": "x"})
    assert {key: list(values) for key, values in known.items()} == (
        {} if expected is None else {"key": expected}
    )


@pytest.mark.parametrize("dtype", ["string", "int64"])
def test_every_other_value_is_a_known_one(dtype):
    known = {"x": np.array([b"cat"], object) if dtype == "string" else np.array([300])}
    plan = InputPlan("x", dtype, (None, 3), "x")
    for case in made_up([plan], known=known):
        values = next(case.attempts())["x"].ravel()
        assert set(values[::2]) == set(known["x"])
        assert not set(values[1::2]) & set(known["x"])


def drawn(dtype, limits=None, name="x", steps=()):
    plan = InputPlan(name, dtype, (None, 50), "x", steps=steps)
    first = next(made_up([plan], limits=limits)[0].attempts())[name]
    assert first.dtype == dtype
    return float(first.min()), float(first.max())


def test_what_is_drawn_is_within():
    assert drawn("int32", {"x": (0, 3000)})[1] > 100
    assert drawn("int32", {"x": (-9, -5)}) == (-9, -5)
    assert drawn("int32", name="attention_mask") == (0, 1)
    low, high = drawn("float32", {"x": (0, 255)})
    assert low >= 0 and 50 < high <= 255
    low, high = drawn("float32", steps=(Cast("uint8"),))
    assert low >= 0 and high <= 255
    low, high = drawn("float32", steps=(Cast("int32"),))
    assert low >= 0 and 1 < high <= 9
