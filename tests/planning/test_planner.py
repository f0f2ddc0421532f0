"""The verdict of a plan, and what it tells beside its edits."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.planning import plan
from sigfix.planning.edits import AddSignature, AliasSignature
from sigfix.planning.soundness import COPY
from sigfix.reading import read
from tests.models import Dtype, Model, healthy, with_variable
from tests.planning.plans import FLOAT, Traced, added, of_functions, planned, refused


def test_nothing_to_do(tmp_path: Path) -> None:
    found = planned(healthy(), tmp_path)
    assert (found.verdict, found.edits, found.notes, found.reason) == ("healthy", (), (), "")


def test_the_wanted_key(tmp_path: Path) -> None:
    assert added(of_functions({"__call__": Traced()}), tmp_path, key="score").key == "score"
    found = planned(healthy(), tmp_path, key="score")
    assert found.edits == (AliasSignature("score", "serving_default"),)


def test_weights_that_are_not_there(tmp_path: Path) -> None:
    model = with_variable(healthy())
    assert planned(model, tmp_path / "whole").verdict == "healthy"
    model.files["variables/variables.data-00000-of-00001"] = bytes(8)
    reason, hint = refused(model, tmp_path / "cut")
    assert reason.startswith("The model's weights are not all there: ")
    assert reason.endswith("Nothing that is made of it could be right.")
    assert hint == "copy or download the model again"


def test_a_link_out_of_the_model(tmp_path: Path) -> None:
    path = healthy().write(tmp_path / "m")
    (path / "assets").mkdir()
    (tmp_path / "secret").write_text("x")
    (path / "assets" / "vocab.txt").write_text("x")
    assert plan(read(path)).verdict == "healthy"
    (path / "assets" / "more.txt").symlink_to(tmp_path / "secret")
    found = plan(read(path))
    assert (found.verdict, found.hint) == ("blocked", COPY)
    assert "assets/more.txt" in found.reason and found.reason.endswith("it is not followed.")


@pytest.mark.parametrize(
    ("name", "value"),
    [("keep_prob", "1.0"), ("dropout/keep_prob", "1.0"), ("is_training", "false")],
)
def test_a_switch_for_training_is_pointed_out(name: str, value: str, tmp_path: Path) -> None:
    model = Model(empty=True)
    model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
    model.node(
        name, "Placeholder", dtype=Dtype("bool" if value == "false" else "float32"), shape=()
    )
    model.node("y", "Select", [name, "x"], T=FLOAT)
    key = name.replace("/", "_")
    (note,) = planned(model, tmp_path).notes
    assert note == f"{key} looks like a switch for training: --bind {key}={value} fixes it"
    bound = planned(model, tmp_path, bind=((key, value == "false" or 1.0),))
    assert (bound.verdict, bound.notes) == ("repairable", ())


def test_an_input_of_any_rank_is_pointed_out(tmp_path: Path) -> None:
    model = of_functions({"__call__": Traced(((("x", "float32", None),),))})
    (note,) = planned(model, tmp_path).notes
    assert note == "x may be of any rank: --input 'x=float32[?,32]' would pin it"
    known = of_functions({"__call__": Traced(((("keep_probably", "float32", ()),),))})
    assert planned(known, tmp_path).notes == ()


def test_a_signature_that_could_not_be_written(tmp_path: Path) -> None:
    model = of_functions({"__call__": Traced(((("x", "resource", (None, 3)),),))})
    assert refused(model, tmp_path)[0] == (
        "x of serving_default is of the type resource, which no tensor of a signature can have."
    )
    model = Model(empty=True)
    model.node("x", "Placeholder", dtype=FLOAT, shape=(-7, 3))
    model.node("y", "Relu", ["x"], T=FLOAT)
    model.meta.graph_def.node[0].attr["shape"].shape.dim[1].size = -7
    found = planned(model, tmp_path)
    for edit in found.edits:
        assert isinstance(edit, AddSignature)
        assert all(size is None or size >= 0 for item in edit.inputs for size in item.shape or ())
