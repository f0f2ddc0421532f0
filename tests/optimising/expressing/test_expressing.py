"""Operators that TensorFlow.js lacks: the same numbers from those that it has, there as well."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.describing.targets import EXPRESSED, UNREAD, tfjs_table
from sigfix.exporting.tfjs_model import write_model
from sigfix.optimising import passes
from sigfix.optimising.expressing.einsums import express_einsums
from sigfix.optimising.expressing.operators import RULES, express_operators
from sigfix.optimising.graph.graph import from_graph_def
from sigfix.verifying.runners import tfjs
from tests.optimising.expressing.cases import CASES, drawn
from tests.optimising.graphs import frozen, noise, operators, run

KEPT = {
    "Cast", "Conv2D", "Dilation2D", "Equal", "LookupTableFindV2", "Gather", "GatherV2", "NotEqual",
    "OneHot", "Select", "StridedSlice",
    *(f"NonMaxSuppressionV{version}" for version in (2, 3, 4, 5)),
}  # fmt: skip
"""Operators that TensorFlow.js has, and that some forms of are expressed."""


@pytest.mark.parametrize("name", CASES)
def test_the_same_numbers_in_tensorflow(name):
    build, shape = CASES[name]
    graph, x = frozen(build, *shape), drawn(shape)
    kind = name.partition(",")[0].partition(" ")[0]
    assert operators(graph)[kind] == 1
    before = run(graph, x)
    assert express_operators(graph) + express_einsums(graph) == 1
    found = operators(graph)
    assert set(found) <= set(tfjs_table().kernels_of) - UNREAD
    if kind not in KEPT:
        assert kind not in found
    np.testing.assert_allclose(run(graph, x), before, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(run(passes.optimise_values(graph), x), before, rtol=1e-5, atol=1e-5)


@pytest.fixture(scope="module")
def all_of_them(tmp_path_factory, node_packages):
    """A TensorFlow.js model with an input and an output for each case, and what is expected."""
    folder, fed, expected, signature = tmp_path_factory.mktemp("all"), {}, {}, None
    with tf.Graph().as_default() as graph:
        for number, (build, shape) in enumerate(CASES.values()):
            x = tf.compat.v1.placeholder(tf.float32, shape, name=f"x{number}")
            tf.identity(build(x), name=f"y{number}")
            fed[f"x{number}"] = drawn(shape)
        with tf.compat.v1.Session() as session:
            outputs = [f"y{number}" for number in range(len(CASES))]
            feeds = {f"{name}:0": value for name, value in fed.items()}
            expected = dict(
                zip(outputs, session.run([f"{y}:0" for y in outputs], feeds), strict=True)
            )
        signature = tf.compat.v1.saved_model.predict_signature_def(
            {name: graph.get_tensor_by_name(f"{name}:0") for name in fed},
            {name: graph.get_tensor_by_name(f"{name}:0") for name in outputs},
        )
    whole = from_graph_def(graph.as_graph_def(), list(fed), outputs)
    write_model(passes.optimise_kernels(passes.optimise_values(whole)), signature, folder)
    return folder, fed, expected


@pytest.mark.parametrize("backend", ["cpu", "wasm"])
def test_the_same_numbers_in_tensorflow_js(backend, all_of_them):
    folder, fed, expected = all_of_them
    found = tfjs.run(folder, [fed], list(expected), backend=backend)
    assert found.missing_kernel == ""
    for (name, value), case in zip(expected.items(), CASES, strict=True):
        np.testing.assert_allclose(
            found.outputs[0][name], value, rtol=1e-4, atol=1e-4, err_msg=case
        )


def test_inspect_knows_what_is_expressed():
    known = set(tfjs_table().kernels_of) - UNREAD
    assert set(RULES) - KEPT | {"Angle", "Conj", "Einsum"} == set(EXPRESSED)
    lacking = EXPRESSED - {"Einsum", "FakeQuantWithMinMaxVars", "MatrixBandPart", "ShapeN"}
    assert not lacking & known


@pytest.mark.parametrize(
    "build",
    [
        lambda x: tf.roll(x, tf.cast(x[0, 0], tf.int32), 1),
        lambda x: tf.linalg.diag(x, k=1),
        lambda x: tf.quantization.fake_quant_with_min_max_vars(x, tf.reduce_min(x), 1.0),
        lambda x: tf.einsum("ij,ij->", x, x) + x,
        lambda x: tf.einsum("ii->i", tf.tensordot(x, x, [[0], [0]])) + x,
        lambda x: tf.einsum("...ij,...jk->...ik", x[None], noise(1, 1, 5, 3)) + x[:, :1],
    ],
)
def test_other_forms_stay_or_are_the_same(build):
    graph, x = frozen(build, 2, 5), drawn((2, 5))
    before = run(graph, x)
    express_operators(graph)
    express_einsums(graph)
    np.testing.assert_allclose(run(graph, x), before, rtol=1e-5, atol=1e-5)


def test_a_wrong_rule_is_seen(monkeypatch):
    """The comparison above can fail: 1 - erf, with the sign forgotten."""
    monkeypatch.setitem(RULES, "Erfc", lambda to: to.add("Erf", to.operand(0)))
    with pytest.raises(AssertionError, match="Mismatched elements"):
        test_the_same_numbers_in_tensorflow("Erfc")
