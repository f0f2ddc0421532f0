"""Signatures on TF1 graphs: placeholders and sinks, MetaGraphs, hub modules, frozen graphs."""

from __future__ import annotations

import numpy as np
import pytest

from sigfix.errors import BlockedError
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.repair import repair
from sigfix.planning import Choices
from sigfix.planning.parsing import parse_append, parse_input, parse_normalize
from sigfix.reading import read
from tests.loaders import run_both, run_v1

UNCOMPARED = RepairOptions(verify=False)
X = np.arange(8, dtype="float32").reshape(2, 4)
ROW = np.float32([1, 2, 3])


def _mend(source, target, **choices):
    return repair(source, target, Choices(**choices), UNCOMPARED).output


def test_hub_module_gets_tag_alias_and_method_name(saved, tmp_path):
    out = _mend(saved("hub"), tmp_path / "out")
    assert run_both(out, {"x": X})["default"].shape == (2, 3)
    signature = read(out).meta_graphs[0].signature("serving_default")
    assert signature.method_name == "tensorflow/serving/predict"


def test_one_meta_graph_of_several(saved, tmp_path):
    source = saved("tf1_meta_graphs")
    out = _mend(source, tmp_path / "out")
    assert run_both(out, {"x": X})["logits"].shape == (2, 3)
    assert len(read(out).meta_graphs) == 3
    for index in (0, 2):
        assert read(out).meta_graphs[index].user_signatures == ()
    alone = _mend(source, tmp_path / "alone", tags=("serve", "gpu"), only_meta_graph=True)
    (kept,) = read(alone).meta_graphs
    assert set(kept.tags) == {"serve"}
    np.testing.assert_array_equal(
        run_v1(alone, {"x": X})["logits"], run_v1(out, {"x": X})["logits"]
    )
    with pytest.raises(BlockedError, match="No MetaGraph"):
        _mend(source, tmp_path / "no", tags=("nothing",))


def test_tf1_placeholders_and_the_only_sink(saved, tmp_path):
    result = repair(saved("tf1"), tmp_path / "out")
    assert (result.parity[0].verdict, result.parity[0].batches) == ("same", (1, 4))
    assert run_both(tmp_path / "out", {"x": X})["logits"].shape == (2, 3)


def test_tf1_sinks_are_ranked_and_chosen(saved, tmp_path):
    source = saved("tf1_dropout")
    with pytest.raises(BlockedError, match="2 tensors could be the outputs"):
        _mend(source, tmp_path / "out")
    out = _mend(
        source,
        tmp_path / "out",
        outputs=(("probabilities", "probabilities:0"), ("scores", "logits")),
        bind=(("keep_prob", 1.0),),
    )
    got = run_both(out, {"x": X})
    soft = np.exp(got["scores"] - got["scores"].max(-1, keepdims=True))
    np.testing.assert_allclose(got["probabilities"], soft / soft.sum(-1, keepdims=True), rtol=1e-5)
    with pytest.raises(BlockedError, match="no tensor nowhere"):
        _mend(source, tmp_path / "no", outputs=(("y", "nowhere:0"),))


def test_a_collection_of_outputs_decides(saved, tmp_path):
    out = _mend(saved("tf1_collection"), tmp_path / "out")
    got = run_both(out, {"x": X})
    assert set(got) == {"logits", "class"}
    np.testing.assert_array_equal(got["class"], got["logits"].argmax(-1))


def test_tf1_unknown_rank_pinned_and_cast(saved, tmp_path):
    choices = Choices(
        inputs=(parse_input("pixels:x=uint8[?,2,2,3]"),),
        normalize=parse_normalize("1/2/3,2/2/2"),
        append=(parse_append("class=argmax(doubled)"),),
    )
    result = repair(saved("tf1_unknown_rank"), tmp_path / "out", choices)
    assert result.parity[0].verdict == "same"
    pixels = np.random.default_rng(1).integers(0, 9, (2, 2, 2, 3)).astype("uint8")
    got = run_both(tmp_path / "out", {"pixels": pixels})
    np.testing.assert_allclose(got["doubled"], pixels - np.float32([1, 2, 3]))
    np.testing.assert_array_equal(got["class"], got["doubled"].argmax(-1))


def test_other_signatures_survive_a_changed_placeholder(saved, tmp_path):
    """The placeholder becomes one with a default; who feeds it directly still can."""
    out = _mend(
        saved("tf1_heads"),
        tmp_path / "out",
        from_key=("scores",),
        inputs=(parse_input("x=float64[?,4]"),),
    )
    changed = run_both(out, {"x": X.astype("float64")})["scores"]
    untouched = run_both(out, {"x": X}, "scores")["scores"]
    np.testing.assert_allclose(changed, untouched)
    np.testing.assert_array_equal(
        run_both(out, {"x": X}, "classes")["classes"], untouched.argmax(1)
    )


def test_heads_merged(saved, tmp_path):
    out = _mend(saved("tf1_heads"), tmp_path / "out", from_key=("scores", "classes"))
    got = run_both(out, {"x": X})
    np.testing.assert_array_equal(got["scores"].argmax(1), got["classes"])


def test_frozen_graph_becomes_a_saved_model(saved, tmp_path):
    result = repair(saved("frozen"), tmp_path / "out")
    assert result.parity[0].verdict == "same"
    got = run_both(tmp_path / "out", {"x": np.float32([[1, 2]])})
    np.testing.assert_allclose(got["y"], [[5, 0]])
