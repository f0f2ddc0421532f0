"""Signatures that are there: given another key, removed, renamed, their method names."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.diagnosis import Severity, diagnose
from sigfix.model import PREDICT_METHOD
from sigfix.pipeline.notes import training_notes
from sigfix.planning.edits import (
    CONVENTION,
    OPTION,
    SIGNATURE,
    AddSignature,
    AliasSignature,
    Edit,
    RemoveSignature,
    RenameSignature,
    SetMethodName,
)
from sigfix.reading import read
from tests.models import Model
from tests.planning.plans import Traced, X, asked, of_functions, planned, refused, sign


def with_keys(*keys: str, method: str = PREDICT_METHOD) -> Model:
    model = Model()
    for key in keys:
        model.signature(key, method=method)
    return model


def edits(model: Model, folder: Path, **choices: object) -> tuple[Edit, ...]:
    return planned(model, folder, **choices).edits


def test_the_only_one_gets_the_usual_key(tmp_path: Path) -> None:
    found = planned(with_keys("predict"), tmp_path)
    assert found.edits == (AliasSignature("serving_default", "predict", SIGNATURE),)
    assert found.is_metadata_only
    assert planned(with_keys("serving_default"), tmp_path).verdict == "healthy"


def test_which_one_is_asked(tmp_path: Path) -> None:
    reason, ways, hint = asked(with_keys("other", "predict"), tmp_path)
    assert reason == "2 signatures could be serving_default."
    assert ways == ["--from predict", "--from other"]
    assert hint == "several --from are merged into one signature"
    candidates = planned(with_keys("other", "predict", method=""), tmp_path).candidates
    assert candidates[0].evidence == (
        "(x: float32[?,3]) -> (y: float32[?,3])", "no method name",
    )  # fmt: skip


def test_training_is_not_promoted_by_itself(tmp_path: Path) -> None:
    assert edits(with_keys("train", "predict"), tmp_path) == (
        AliasSignature("serving_default", "predict", SIGNATURE),
    )
    _, ways, hint = asked(with_keys("train", "one", "two"), tmp_path)
    assert ways == ["--from one", "--from two"]
    assert hint.endswith("what is for training or evaluation is left out: train")
    for choices in ({}, {"key": "again"}, {"method_name": PREDICT_METHOD}):
        reason, hint = refused(with_keys("train", "eval"), tmp_path, **choices)
        assert "train (its name train)" in reason
        assert f"none is made {choices.get('key', 'serving_default')} by itself" in reason
        assert hint == "--from eval", "the option that insists"
    assert edits(with_keys("train"), tmp_path, from_key=("train",)) == (
        AliasSignature("serving_default", "train", SIGNATURE),
    )
    assert edits(with_keys("train", "predict"), tmp_path, remove=("predict",)) == (
        RemoveSignature("predict"),
    )


def test_a_name_alone_is_asked_about(tmp_path: Path) -> None:
    _, ways, hint = asked(with_keys("train_delay", "train"), tmp_path)
    assert (ways, hint.endswith("is left out: train")) == (["--from train_delay"], True)
    assert asked(with_keys("train_delay", "one"), tmp_path)[1] == [
        "--from one", "--from train_delay",
    ]  # fmt: skip
    found = diagnose(read(with_keys("train_delay", "one").write(tmp_path / "m")))
    (told,) = (item for item in found if item.code == "SIG009")
    assert (told.severity, told.command) == (Severity.NOTE, "")


def test_a_default_for_training_is_not_left_in_silence(tmp_path: Path) -> None:
    """Where another signature is for inference: asked about, warned of with the command."""
    model = with_keys("qqq")
    scalar = {"loss": ("y:0", "float32", ())}
    model.signature("serving_default", outputs=scalar)
    reason, ways, _ = asked(model, tmp_path)
    assert reason.startswith("serving_default is for training or evaluation (output loss)")
    assert ways == ["--from qqq"]
    assert edits(model, tmp_path, from_key=("qqq",))[0] == (
        AliasSignature("serving_default", "qqq", SIGNATURE)
    )
    path = model.write(tmp_path / "m")
    (told,) = (item for item in diagnose(read(path)) if item.code == "SIG009")
    assert (told.severity, told.command) == (
        Severity.WARNING, f"sigfix repair {path} --from qqq",
    )  # fmt: skip
    meta = read(path).meta_graphs[0]
    (note,) = training_notes(meta, meta.signature("serving_default"))
    assert "serving_default is for training" in note and "--signature qqq is not" in note
    assert training_notes(meta, meta.signature("qqq")) == ()
    alone = Model()
    alone.signature("serving_default", outputs=scalar)
    assert planned(alone, tmp_path).verdict == "healthy", "there is no other to take"


def test_the_only_one_that_can_be_called_is_meant(tmp_path: Path) -> None:
    model = with_keys("infer", "save", "restore", "train")
    assert edits(model, tmp_path) == (AliasSignature("serving_default", "infer", SIGNATURE),)
    model.signature("get_weight", inputs={})
    assert asked(model, tmp_path)[1][:2] == ["--from infer", "--from restore"]


def test_the_one_that_is_named(tmp_path: Path) -> None:
    model = with_keys("train", "predict")
    assert edits(model, tmp_path, from_key=("train",), key="again") == (
        AliasSignature("again", "train"),
    )
    assert refused(model, tmp_path, from_key=("absent",)) == (
        "There is no signature absent.", "there are: predict, train",
    )  # fmt: skip


def test_options_that_would_do_nothing_are_refused(tmp_path: Path) -> None:
    same = {"from_key": ("one",), "key": "one"}
    reason, _ = refused(with_keys("one", "two"), tmp_path, **same)
    assert reason == "--from one: it is one already."
    found = edits(with_keys("one", "two"), tmp_path, **same, method_name="m")
    assert found[-1] == SetMethodName("one", "m", PREDICT_METHOD, OPTION)
    idle = {"remove": ("one", "two"), "method_name": "m"}
    reason, _ = refused(with_keys("one", "two"), tmp_path, **idle)
    assert reason == "--method-name m: there is no signature serving_default to give it to."


def test_removed_and_renamed(tmp_path: Path) -> None:
    model = with_keys("one", "two")
    assert edits(model, tmp_path, remove=("one",)) == (
        RemoveSignature("one"), AliasSignature("serving_default", "two"),
    )  # fmt: skip
    assert edits(model, tmp_path, rename_signatures=(("one", "three"),)) == (
        RenameSignature("one", "three"),
    )
    assert edits(model, tmp_path, remove=("one",), rename_signatures=(("two", "one"),)) == (
        RemoveSignature("one"), RenameSignature("two", "one"),
        AliasSignature("serving_default", "one"),
    )  # fmt: skip


def test_a_renamed_one_may_be_named_either_way(tmp_path: Path) -> None:
    renamed = {"rename_signatures": (("one", "three"),)}
    for key in ("one", "three"):
        found = edits(with_keys("one", "two"), tmp_path, from_key=(key,), **renamed)
        assert found[-1] == AliasSignature("serving_default", "three")


def test_names_that_clash(tmp_path: Path) -> None:
    model = with_keys("one", "two")
    for choices, reason in (
        (
            {"rename_signatures": (("one", "two"),)},
            "--rename-signature one=two: two exists already.",
        ),
        (
            {"remove": ("one",), "rename_signatures": (("one", "three"),)},
            "--rename-signature one=three: one is removed.",
        ),
        ({"remove": ("three",)}, "There is no signature three."),
        ({"remove": ("one",), "from_key": ("one",)}, "--from one: one is removed in the same run."),
    ):
        assert refused(model, tmp_path, **choices)[0] == reason


def test_a_change_that_changes_nothing(tmp_path: Path) -> None:
    for model in (with_keys("serving_default"), of_functions({"__call__": Traced()})):
        if not model.meta.signature_def:
            sign(model, "serving_default", {"x": X}, {"y": X})
        assert planned(model, tmp_path, rename=(("x", "x"),)).verdict == "healthy"
        (edit,) = edits(model, tmp_path, rename=(("x", "z"),))
        assert isinstance(edit, AddSignature)
        assert edit.key == "serving_default"


@pytest.mark.parametrize("key", ["serving_default", "predict"])
def test_the_method_name_that_is_missing(key: str, tmp_path: Path) -> None:
    found = edits(with_keys(key, method=""), tmp_path)
    assert found[-1] == SetMethodName("serving_default", PREDICT_METHOD, "", CONVENTION)
    assert not any(isinstance(item, SetMethodName) for item in edits(with_keys(key), tmp_path))


def test_the_method_name_that_is_asked_for(tmp_path: Path) -> None:
    wanted = "tensorflow/serving/classify"
    model = with_keys("serving_default")
    assert edits(model, tmp_path, method_name=wanted) == (
        SetMethodName("serving_default", wanted, PREDICT_METHOD, OPTION),
    )
    assert planned(model, tmp_path, method_name=PREDICT_METHOD).verdict == "healthy"
    other = with_keys("serving_default", method="tensorflow/serving/regress")
    assert planned(other, tmp_path).verdict == "healthy", "somebody's own method name stays"


def test_a_call_in_another_order_is_not_attached(tmp_path: Path) -> None:
    """The function's arguments are the signature's in sorted order, or it is no such function."""
    for turned in (False, True):
        model = of_functions({"__call__": Traced()})
        pair = {"a": ("a", "float32", (None, 3)), "b": ("b", "float32", (None, 3))}
        sign(model, "serving_default", pair, {"y": X}, attached=False)
        if turned:
            call = next(node for node in model.meta.graph_def.node if node.name.startswith("call"))
            call.input[:] = reversed(call.input)
        assert planned(model, tmp_path).verdict == ("healthy" if turned else "repairable")
