"""From a SavedModel to TF.js: names, kernels and numbers, checked in the real TF.js."""

from __future__ import annotations

import base64
import json
from importlib.util import find_spec

import numpy as np
import pytest

from sigfix.errors import BlockedError, ConversionError, NotVerifiedError, ParityError, UsageError
from sigfix.pipeline.conversion_options import ConvertOptions
from sigfix.pipeline.convert import convert
from sigfix.pipeline.prepared import SourceChoice
from sigfix.verifying.runners import tfjs
from tests.exporting import models
from tests.exporting.models import floats

pytestmark = pytest.mark.skipif(not find_spec("tensorflowjs"), reason="tensorflowjs is absent")


@pytest.fixture(scope="module", autouse=True)
def _with_tfjs(node_packages):
    """Every test here runs TensorFlow.js."""


@pytest.fixture(scope="module")
def block(tmp_path_factory):
    folder = tmp_path_factory.mktemp("block")
    return models.save(folder / "model", models.mobile_block, floats("image", None, 16, 16, 3))


def operators(model):
    topology = json.loads((model / "model.json").read_text())["modelTopology"]
    return [n["op"] for n in topology["node"]]


def test_fuses_only_what_tfjs_has(block, tmp_path):
    result = convert(block, tmp_path / "web")
    assert all(c.parity.ok for c in result.comparisons)
    assert [c.batch for c in result.comparisons] == [1, 4]
    assert (result.mode, result.backend) == ("execute", "wasm")
    found = set(operators(tmp_path / "web"))
    assert {"_FusedConv2D", "FusedDepthwiseConv2dNative"} <= found
    assert not found & {"_FusedHardSwish", "_FusedBatchNormEx", "Pad", "Conv2DBackpropInput"}
    fused = json.loads((tmp_path / "web" / "model.json").read_text())["modelTopology"]["node"]
    kinds = {
        s
        for n in fused
        for s in n.get("attr", {}).get("fused_ops", {}).get("list", {}).get("s", [])
    }
    names = {base64.b64decode(kind).decode() for kind in kinds}
    assert names == {"BiasAdd", "Relu", "Relu6", "Sigmoid"}


@pytest.mark.parametrize(
    "dtype", ["uint8", pytest.param("uint16", marks=pytest.mark.matrix), "float16"]
)
def test_quantised_model_equals_its_dequantised_graph(tmp_path, dtype):
    import tensorflow as tf

    def dense(x):
        return {"y": tf.nn.relu(tf.matmul(x, models.noise(64, 128)) + models.noise(128))}

    model = models.save(tmp_path / "model", dense, floats("x", None, 64))
    result = convert(model, tmp_path / "web", ConvertOptions(quantize=dtype))
    assert all(c.parity.ok for c in result.comparisons)
    assert [(c.reference, c.result, c.batch) for c in result.comparisons] == [
        (reference, found, batch)
        for reference, found in (
            ("SavedModel", "the optimised graph"),
            ("the dequantised graph", "TensorFlow.js"),
        )
        for batch in (1, 4)
    ]
    assert [(c.reference, c.result, c.batch) for c in result.losses] == [
        ("SavedModel", "TensorFlow.js", 1),
        ("SavedModel", "TensorFlow.js", 4),
    ]
    losses = [row.relative for c in result.losses for row in c.parity.outputs]
    limit = {"uint8": 2e-2, "uint16": 1e-4, "float16": 1e-3}[dtype]
    assert 0 < max(losses) < limit
    weights = sum(f.stat().st_size for f in (tmp_path / "web").glob("*.bin"))
    assert weights == 64 * 128 * (1 if dtype == "uint8" else 2) + 128 * 4


def test_int64_weights_become_int32_without_a_word(tmp_path, capfd):
    import tensorflow as tf

    def chosen(x):
        return {"y": tf.gather(x, tf.constant([2, 0], tf.int64), axis=1)}

    model = models.save(tmp_path / "model", chosen, floats("x", None, 4))
    convert(model, tmp_path / "web")
    groups = json.loads((tmp_path / "web" / "model.json").read_text())["weightsManifest"]
    assert {w["dtype"] for group in groups for w in group["weights"]} == {"int32"}
    assert capfd.readouterr().out == ""


def test_weights_that_tfjs_has_no_type_for_are_the_nearest_that_it_has():
    from sigfix.exporting.weight_files import narrowed

    ends = np.array([1 << 40, -5, -(1 << 63)])
    assert narrowed(ends).tolist() == [(1 << 31) - 1, -5, -(1 << 31)]
    assert narrowed(np.ones(2)).dtype == narrowed(np.ones(2, np.float16)).dtype == np.float32
    assert narrowed(np.ones(2, np.uint8)).dtype == np.uint8


def test_vectors_are_not_quantised_whatever_their_shape():
    from sigfix.exporting.tfjs_model import quantised_weights
    from sigfix.optimising.graph.graph import Graph

    graph = Graph({}, (), ())
    matrix = graph.add_constant("matrix", models.noise(16, 32))
    graph.add_constant("channels", models.noise(1, 1, 512, 1))
    graph.add_constant("vector", models.noise(512))
    assert list(quantised_weights(graph, "uint8")) == [matrix]


def test_names_are_the_signatures_own(tmp_path):
    specs = floats("left", None, 4), floats("right", None, 4)
    model = models.save(tmp_path / "model", models.twins, *specs)
    convert(model, tmp_path / "web")
    left, right = models.noise(2, 4), models.noise(2, 4, seed=1)
    fed = [{"left": left, "right": right}]
    run = tfjs.run(tmp_path / "web", fed, ["alpha", "zeta"])
    np.testing.assert_allclose(run.outputs[0]["alpha"], left + right, atol=1e-6)
    np.testing.assert_allclose(run.outputs[0]["zeta"], left - right, atol=1e-6)
    assert "Identity" not in operators(tmp_path / "web")


def test_unused_inputs_and_constant_outputs(tmp_path):
    specs = floats("x", None, 2), floats("unused", 3)
    model = models.save(tmp_path / "model", models.passthrough, *specs)
    result = convert(model, tmp_path / "web")
    assert result.unused_inputs == ("unused",)
    assert set(result.outputs) == {"same", "constant", "half"}


def test_a_type_that_loses_too_much_is_not_published(tmp_path):
    """Rows of two sizes: in 8 bits of the common range the small ones are all the same."""
    import tensorflow as tf

    weights = models.noise(64, 128) * np.float32([1e-4] * 127 + [1.0])

    def dense(x):
        return {"y": tf.matmul(x, weights)[:, :127]}

    model = models.save(tmp_path / "model", dense, floats("x", None, 64))
    with pytest.raises(ParityError, match="Quantising the weights changes too much: y changes by"):
        convert(model, tmp_path / "web", ConvertOptions(quantize="uint8"))
    assert [p.name for p in tmp_path.iterdir()] == ["model"]
    accepted = ConvertOptions(quantize="uint8", max_loss=1.0)
    losses = convert(model, tmp_path / "web", accepted).losses
    assert max(row.relative for c in losses for row in c.parity.outputs) > 0.2


def test_a_random_model_cannot_be_compared_and_is_not_published(tmp_path):
    import tensorflow as tf

    model = models.save(
        tmp_path / "model", lambda x: {"y": x + tf.random.uniform([4])}, floats("x", None, 4)
    )
    aside = tmp_path / "aside"
    said = "Not verified, so nothing was written: SavedModel .* answers differently each time"
    with pytest.raises(NotVerifiedError, match=said) as raised:
        convert(model, tmp_path / "web", ConvertOptions(keep_failed=aside))
    assert raised.value.exit_code == 1
    assert "it is random (RandomUniform), so that" in raised.value.message
    assert (aside / "model.json").is_file()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["aside", "model"]


def test_operator_that_tfjs_lacks_is_named(tmp_path):
    import tensorflow as tf

    def decompose(x):
        return {"q": tf.linalg.cholesky(x)}

    model = models.save(tmp_path / "model", decompose, floats("x", 3, 3))
    with pytest.raises(ConversionError, match="no operator for Cholesky"):
        convert(model, tmp_path / "web")
    assert not (tmp_path / "web").exists()


def test_control_flow_is_verified_asynchronously(tmp_path):
    import tensorflow as tf

    def count(x):
        return {
            "y": tf.while_loop(lambda v: tf.reduce_sum(v) < 100.0, lambda v: [v * 2 + 1], [x])[0]
        }

    model = models.save(tmp_path / "model", count, floats("x", 3))
    result = convert(model, tmp_path / "web")
    assert result.mode == "executeAsync"
    assert all(c.parity.ok for c in result.comparisons)


def test_given_inputs_replace_noise(tmp_path, block):
    np.savez(tmp_path / "in.npz", image=models.noise(2, 16, 16, 3))
    result = convert(block, tmp_path / "web", ConvertOptions(inputs=tmp_path / "in.npz"))
    assert [c.batch for c in result.comparisons] == [2]
    np.savez(tmp_path / "wrong.npz", picture=models.noise(2, 16, 16, 3))
    with pytest.raises(UsageError, match="image"):
        convert(block, tmp_path / "web2", ConvertOptions(inputs=tmp_path / "wrong.npz"))


def test_signature_and_tags_are_chosen_or_listed(tmp_path):
    import tensorflow as tf

    module = tf.Module()
    module.one = tf.function(lambda x: {"y": x + 1}, input_signature=[floats("x", None, 2)])
    module.two = tf.function(lambda x: {"y": x + 2}, input_signature=[floats("x", None, 2)])
    signatures = {"first": module.one, "second": module.two}
    tf.saved_model.save(module, str(tmp_path / "model"), signatures=signatures)
    with pytest.raises(UsageError, match="found: 'first', 'second'"):
        convert(tmp_path / "model", tmp_path / "web")
    options = ConvertOptions(SourceChoice(signature="second"), verify=False)
    assert "--no-verify" in convert(tmp_path / "model", tmp_path / "web", options).not_verified
    with pytest.raises(BlockedError, match="exactly the tags gpu"):
        convert(tmp_path / "model", tmp_path / "w", ConvertOptions(SourceChoice(tags=("gpu",))))
