"""Parsers of tf.Examples cut off whatever their features are: dense, sparse and ragged ones."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.exporting import reference
from sigfix.exporting.cutting import cut_parsers, fed_behind
from sigfix.exporting.freezing import freeze


def example(ages, numbers):
    floats = tf.train.Feature(float_list=tf.train.FloatList(value=ages))
    whole = tf.train.Feature(int64_list=tf.train.Int64List(value=numbers))
    features = tf.train.Features(feature={"age": floats, "numbers": whole})
    return tf.train.Example(features=features).SerializeToString()


def dense(examples):
    found = tf.io.parse_example(
        examples,
        {"age": tf.io.FixedLenFeature([2], tf.float32),
         "numbers": tf.io.FixedLenSequenceFeature([], tf.int64, allow_missing=True)},
    )  # fmt: skip
    return found["age"] * 2.0, tf.cast(found["numbers"], tf.float32)


def sparse(examples):
    found = tf.io.parse_example(examples, {"age": tf.io.VarLenFeature(tf.float32)})["age"]
    return tf.scatter_nd(found.indices, found.values, found.dense_shape), found.values


def ragged(examples):
    found = tf.io.parse_example(examples, {"numbers": tf.io.RaggedFeature(tf.int64)})["numbers"]
    return tf.cast(found.values, tf.float32), tf.cast(found.row_splits, tf.float32)


def partitioned(examples):
    """A ragged feature whose lengths are another feature."""
    found = tf.io.parse_example(
        examples,
        {"pairs": tf.io.RaggedFeature(
            tf.float32, "age", partitions=[tf.io.RaggedFeature.UniformRowLength(1)])},
    )["pairs"]  # fmt: skip
    return found.flat_values * 3.0, tf.cast(found.row_splits, tf.float32)


def single(examples):
    found = tf.io.parse_single_example(
        examples[0],
        {"age": tf.io.FixedLenFeature([2], tf.float32), "numbers": tf.io.VarLenFeature(tf.int64)},
    )
    return found["age"], tf.cast(found["numbers"].values, tf.float32)


def first_parser(examples):
    """The operator of TensorFlow 1, with a sparse and a dense feature."""
    found = tf.raw_ops.ParseExample(
        serialized=examples,
        names=tf.constant([], tf.string),
        sparse_keys=["numbers"],
        dense_keys=["age"],
        dense_defaults=[tf.constant([], tf.float32)],
        sparse_types=[tf.int64],
        dense_shapes=[[2]],
    )
    return found.dense_values[0], tf.cast(found.sparse_values[0], tf.float32)


KINDS = {
    dense: {"age", "numbers"},
    sparse: {"age_indices", "age_values", "age_shape"},
    ragged: {"numbers_values", "numbers_row_splits"},
    partitioned: {"age_values", "age_row_splits"},
    single: {"age", "numbers_values"},
    first_parser: {"age", "numbers_values"},
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_the_rest_computes_what_the_whole_does(kind, tmp_path):
    class Model(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "examples")])
        def serve(self, examples):
            one, other = kind(examples)
            return {"one": one + 1.0, "other": other * 2.0}

    module = Model()
    tf.saved_model.save(module, str(tmp_path / "m"), signatures={"serving_default": module.serve})
    cut = cut_parsers(freeze(tmp_path / "m", "serving_default"))
    assert set(cut.rest.inputs) == KINDS[kind]
    fed = {"examples": np.array([example([1, 2], [3, 4, 5]), example([6, 7], [8])], object)}
    (behind,) = fed_behind(cut, [fed])
    (found,) = reference.run(cut.rest.graph, cut.rest.inputs, cut.rest.outputs, [behind])
    expected = module.serve(tf.constant(fed["examples"]))
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value)
    assert not any("Parse" in node.op for node in cut.rest.graph.nodes.values())
