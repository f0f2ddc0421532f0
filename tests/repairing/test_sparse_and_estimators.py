"""Signatures with sparse tensors, and what an Estimator exported: aliased, compared, run."""

from __future__ import annotations

import numpy as np

import sigfix
from tests.loaders import run_v1, run_v2

RUN = sigfix.RepairOptions(run=True)


def test_a_sparse_signature_is_compared_by_its_components(saved, tmp_path):
    result = sigfix.repair(saved("sparse"), tmp_path / "out", None, RUN)
    (parity,) = result.parity
    assert (parity.verdict, parity.batches) == ("same", (1, 4))
    assert {item.name for item in parity.comparisons[0].parity.outputs} == {
        "doubled_indices", "doubled_values", "doubled_dense_shape", "total",
    }  # fmt: skip


def test_sparse_and_ragged_arguments_are_drawn_to_fit_each_other(saved, tmp_path):
    (parity,) = sigfix.repair(saved("composite"), tmp_path / "out").parity
    assert (parity.verdict, parity.batches) == ("same", (1, 4))
    assert {item.shape for item in parity.comparisons[-1].parity.outputs} == {(4,), ()}


def _example(values):
    import tensorflow as tf

    feature = tf.train.Feature(float_list=tf.train.FloatList(value=values))
    return tf.train.Example(features=tf.train.Features(feature={"x": feature})).SerializeToString()


def test_an_estimators_signatures(saved, tmp_path):
    """`predict` ranks first; real tf.Examples go through both loaders."""
    source = saved("estimator")
    plan = sigfix.plan(source)
    assert (plan.verdict, plan.candidates[0].label) == ("ambiguous", "predict")
    examples = np.array([_example([1, 2, 3, 4]), _example([0, 0, 0, 1])], dtype=object)
    options = sigfix.RepairOptions(run=True, inputs={"examples": examples})
    choices = sigfix.Choices(from_key=("predict",))
    result = sigfix.repair(source, tmp_path / "out", choices, options)
    assert result.parity[0].verdict == "same"
    original = run_v1(source, {"examples": examples}, "predict")
    for run in (run_v1, run_v2):
        got = run(result.output, {"examples": examples})
        np.testing.assert_array_equal(got["classes"], original["classes"])
        np.testing.assert_array_equal(got["probabilities"], original["probabilities"])
    assert original["classes"].shape == (2, 1)
    assert original["classes"][0, 0] in (b"setosa", b"versicolor", b"virginica")


def test_made_up_examples_hold_what_the_estimator_parses(saved, tmp_path):
    choices = sigfix.Choices(from_key=("classification",))
    (parity,) = sigfix.repair(saved("estimator"), tmp_path / "out", choices, RUN).parity
    assert (parity.verdict, parity.batches) == ("same", (1, 4))
