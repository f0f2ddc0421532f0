"""A signature from a function of the object graph, run by TensorFlow's own loaders."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from sigfix.errors import BlockedError
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.repair import repair
from sigfix.planning import Choices
from sigfix.planning.parsing import parse_append, parse_input, parse_normalize
from sigfix.reading import read
from tests.loaders import (
    convert_plainly,
    fingerprint,
    run_both,
    run_v1,
    run_v2,
)

UNCOMPARED = RepairOptions(verify=False)
X = np.arange(12, dtype="float32").reshape(3, 4)


def _mend(source, target, **choices):
    repair(source, target, Choices(**choices), UNCOMPARED)
    return target


def test_compared_in_fresh_processes_and_the_input_untouched(saved, tmp_path):
    source = saved("wrapper")
    before = fingerprint(source)
    said = []
    result = repair(source, tmp_path / "out", say=said.append)
    assert fingerprint(source) == before
    (parity,) = result.parity
    assert (parity.verdict, parity.batches, parity.largest) == ("same", (1, 4), 0.0)
    assert len(parity.comparisons) == 4, "two batch sizes through two loaders"
    assert any("loading" in line and str(source) in line for line in said)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_everything_else_survives(saved, tmp_path):
    import tensorflow as tf

    source = saved("wrapper")
    out = _mend(source, tmp_path / "out")
    got = run_both(out, {"x": X})
    original = tf.saved_model.load(str(source))
    expected = original(tf.constant(X))
    assert set(got) == {"score", "a", "index"}
    for name in got:
        np.testing.assert_array_equal(got[name], expected[name].numpy())
    again = tf.saved_model.load(str(out))
    np.testing.assert_array_equal(again(tf.constant(X))["score"], expected["score"])
    np.testing.assert_array_equal(again.unused.numpy(), [1.5, 2.5])
    for name in ("variables/variables.data-00000-of-00001", "variables/variables.index"):
        assert (out / name).read_bytes() == (source / name).read_bytes()
    assert [path.name for path in (out / "assets").iterdir()] == ["wrapper_words.txt"]
    before, after = read(source).meta_graphs[0], read(out).meta_graphs[0]
    assert [item.path for item in after.objects.functions] == [
        item.path for item in before.objects.functions
    ]


def test_the_plain_converter_takes_it(saved, tmp_path):
    if not Path(sys.executable).with_name("tensorflowjs_converter").exists():
        pytest.skip("tensorflowjs_converter is not installed")
    out = _mend(saved("image"), tmp_path / "out")
    graph = json.loads(convert_plainly(out, tmp_path / "web").read_text())
    assert list(graph["signature"]["inputs"]) == ["pixels"]
    assert sorted(graph["signature"]["outputs"]) == ["logits", "map"]


def test_loaded_outputs_keep_their_shapes(saved, tmp_path):
    """The converter tells outputs apart by shape, and names them `Identity` where it cannot."""
    import tensorflow as tf

    out = _mend(saved("image"), tmp_path / "out", append=(parse_append("p=softmax(logits)"),))
    function = tf.saved_model.load(str(out)).signatures["serving_default"]
    assert [item.shape.as_list() for item in function.outputs] == [
        [None, 5], [None, 5, 8, 8], [None, 5],
    ]  # fmt: skip


def test_chosen_function(saved, tmp_path):
    source = saved("two_functions")
    with pytest.raises(BlockedError, match="2 functions could be the signature"):
        repair(source, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
    out = _mend(source, tmp_path / "out", function="decode")
    np.testing.assert_allclose(run_both(out, {"x": np.float32([3, 5])})["output_0"], [1, 2])
    out = _mend(source, tmp_path / "part", function="part.scale", key="scale")
    np.testing.assert_allclose(run_both(out, {"values": np.float32([3])}, "scale")["output_0"], [6])


def test_unknown_function_names_the_others(saved, tmp_path):
    with pytest.raises(BlockedError, match="no function encoder") as caught:
        _mend(saved("two_functions"), tmp_path / "out", function="encoder")
    assert "encode" in caught.value.hint


def test_submodule_only(saved, tmp_path):
    out = _mend(saved("submodule"), tmp_path / "out")
    np.testing.assert_allclose(
        run_both(out, {"x": np.float32([[1, 1], [2, 3]])})["output_0"], [[1, 2], [2, 6]]
    )


def test_inference_trace_with_open_rows_wins(saved, tmp_path):
    out = _mend(saved("traces"), tmp_path / "out")
    np.testing.assert_allclose(run_both(out, {"x": np.ones((5, 2), "f")})["output_0"][0], [3, 3])


def test_bound_literal_chooses_the_trace(saved, tmp_path):
    out = _mend(saved("traces"), tmp_path / "out", bind=(("training", True),))
    assert run_both(out, {"x": np.ones((2, 2), "f")})["output_0"][0, 0] == 103
    with pytest.raises(BlockedError, match="No trace"):
        _mend(saved("traces"), tmp_path / "no", bind=(("training", 3),))
    with pytest.raises(BlockedError, match="no such argument"):
        _mend(saved("traces"), tmp_path / "no", bind=(("trainign", True),))


def test_unlike_traces_are_ambiguous_until_an_input_decides(saved, tmp_path):
    source = saved("unlike_traces")
    with pytest.raises(BlockedError, match="2 traces"):
        _mend(source, tmp_path / "out")
    out = _mend(source, tmp_path / "out", inputs=(parse_input("x=[?,2,2]"),))
    assert run_both(out, {"x": np.ones((3, 2, 2), "f")})["output_0"] == 12


def test_nested_structures_get_stable_names(saved, tmp_path):
    out = _mend(saved("nested"), tmp_path / "out")
    ones = {name: np.ones(2, "f") for name in ("batch_a", "batch_b", "pieces_0", "pieces_1")}
    got = run_both(out, {**ones, "input_0": np.ones(2, "f")})
    assert {name: float(value[0]) for name, value in got.items()} == {
        "total": 17.0, "pair_low": 10.0, "pair_high": 12.0, "list_0": 11.0, "list_1": 22.0,
    }  # fmt: skip


def test_each_nested_input_feeds_its_own_argument(saved, tmp_path):
    out = _mend(saved("nested"), tmp_path / "out")
    weights = {"batch_a": 1, "batch_b": 10, "pieces_0": 1, "pieces_1": 2, "input_0": 3}
    for name, weight in weights.items():
        fed = {other: np.zeros(1, "f") for other in weights} | {name: np.ones(1, "f")}
        assert run_v2(out, fed)["total"][0] == weight


def test_ragged_and_sparse_become_components(saved, tmp_path):
    out = _mend(saved("composite"), tmp_path / "out")
    got = run_both(
        out,
        {
            "words_values": np.int32([1, 2, 3]),
            "words_row_splits": np.int64([0, 2, 3]),
            "weights_indices": np.int64([[0, 0], [1, 1]]),
            "weights_values": np.float32([4, 5]),
            "weights_dense_shape": np.int64([2, 2]),
        },
    )
    np.testing.assert_allclose(got["length"], [8, 7])
    assert got["total"] == 9


def test_shape_pinned_dtype_cast_and_renamed(saved, tmp_path):
    choice = parse_input("features:x=float64[2,4]")
    out = _mend(saved("wrapper"), tmp_path / "out", inputs=(choice,))
    got = run_both(out, {"features": X[:2].astype("float64")})
    expected = run_v2(_mend(saved("wrapper"), tmp_path / "plain"), {"x": X[:2]})
    np.testing.assert_array_equal(got["score"], expected["score"])
    (planned,) = read(out).meta_graphs[0].signature("serving_default").inputs
    assert str(planned.spec) == "float64[2,4]"


def test_a_static_dimension_cannot_be_widened(saved, tmp_path):
    with pytest.raises(BlockedError, match="a batch of 1 alone can be opened"):
        _mend(saved("image"), tmp_path / "out", inputs=(parse_input("pixels=[?,3,?,?]"),))
    with pytest.raises(BlockedError, match="no such input"):
        _mend(saved("image"), tmp_path / "out", inputs=(parse_input("a=[1]"), parse_input("b=[1]")))


def test_outputs_renamed_dropped_and_appended(saved, tmp_path):
    out = _mend(
        saved("image"),
        tmp_path / "out",
        rename=(("logits", "scores"),),
        drop_outputs=("map",),
        append=(
            parse_append("probabilities=softmax(logits)"),
            parse_append("each=sigmoid(logits)"),
            parse_append("class=argmax(logits)"),
        ),
    )
    pixels = np.random.default_rng(0).normal(size=(2, 3, 8, 8)).astype("f")
    got = run_both(out, {"pixels": pixels})
    assert set(got) == {"scores", "probabilities", "each", "class"}
    np.testing.assert_allclose(got["probabilities"].sum(-1), [1, 1], rtol=1e-6)
    np.testing.assert_allclose(got["each"], 1 / (1 + np.exp(-got["scores"])), rtol=1e-5)
    np.testing.assert_array_equal(got["class"], got["scores"].argmax(-1))


def test_normalised_transposed_image(saved, tmp_path):
    out = _mend(
        saved("image"),
        tmp_path / "out",
        layout="nhwc",
        normalize=parse_normalize("0.5/0.4/0.3,0.2/0.3/0.4,0.00392156862745098"),
        inputs=(parse_input("pixels=uint8[?,8,8,3]"),),
    )
    pixels = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3)).astype("uint8")
    got = run_both(out, {"pixels": pixels})
    plain = _mend(saved("image"), tmp_path / "plain")
    wanted = (pixels / np.float32(255) - np.float32([0.5, 0.4, 0.3])) / np.float32([0.2, 0.3, 0.4])
    expected = run_v1(plain, {"pixels": wanted.transpose(0, 3, 1, 2).astype("f")})
    np.testing.assert_allclose(got["logits"], expected["logits"], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        got["map"], expected["map"].transpose(0, 2, 3, 1), rtol=1e-4, atol=1e-5
    )


def test_steps_are_compared_with_numpy(saved, tmp_path):
    """The verification computes casts, normalisation, layout and activations itself."""
    result = repair(
        saved("image"),
        tmp_path / "out",
        Choices(
            layout="nhwc",
            normalize=parse_normalize("0.5,0.25"),
            append=(parse_append("p=softmax(logits)"), parse_append("c=argmax(logits)")),
        ),
    )
    assert result.parity[0].verdict == "same"
    assert {item.name for item in result.parity[0].comparisons[0].parity.outputs} == {
        "logits", "map", "p", "c",
    }  # fmt: skip


def test_normalize_needs_channels_last(saved, tmp_path):
    with pytest.raises(BlockedError, match="channels"):
        _mend(saved("image"), tmp_path / "out", normalize=parse_normalize("1/2/3,1/1/1"))


@pytest.mark.parametrize("name", ["keras2", "keras3"])
def test_keras_models(saved, tmp_path, name):
    out = _mend(saved(name), tmp_path / "out")
    (signature,) = read(out).meta_graphs[0].user_signatures
    (fed,) = [item.key for item in signature.inputs]
    (result,) = run_both(out, {fed: X}).values()
    assert result.shape == (3, 2 if name == "keras2" else 3)


def test_keras2_metadata_survives(saved, tmp_path):
    """Saved by Keras itself: after a repair Keras loads it still, with its layers."""
    tf_keras = pytest.importorskip("tf_keras")
    source = saved("keras2_whole")
    out = _mend(source, tmp_path / "out", append=(parse_append("p=softmax(head)"),))
    assert set(run_both(out, {"features": X})) == {"head", "p"}
    before = tf_keras.models.load_model(str(source))
    after = tf_keras.models.load_model(str(out))
    np.testing.assert_array_equal(before.predict(X, verbose=0), after.predict(X, verbose=0))
    assert [layer.name for layer in after.layers] == [layer.name for layer in before.layers]


def test_never_called_is_said(saved, tmp_path):
    with pytest.raises(BlockedError, match="nothing to call"):
        _mend(saved("never_called"), tmp_path / "out")


@pytest.mark.parametrize("name", ["__call__", "keys", "items"])
def test_functions_called_as_those_of_a_dict(name, saved, tmp_path):
    result = repair(saved("dict_like"), tmp_path / "out", Choices(function=name))
    assert [item.verdict for item in result.parity] == ["same"]
