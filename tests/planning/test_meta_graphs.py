"""Which MetaGraph is meant, and what a plan says of the others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sigfix.diagnosis import diagnose
from sigfix.planning import plan
from sigfix.planning.edits import CONVENTION, OPTION, KeepMetaGraph, SetTags
from sigfix.reading import read
from tests.models import Model
from tests.planning.plans import FLOAT, asked, edit_of, planned, refused


def tagged(*tags: tuple[str, ...]) -> Model:
    model = Model(tags[0])
    model.signature()
    for more in tags[1:]:
        model.add_meta_graph(more)
        model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
        model.node("y", "Relu", ["x"], T=FLOAT)
        model.signature()
    return model


@pytest.mark.parametrize(
    ("tags", "meant"),
    [
        ([("train",), ("serve",)], 1),
        ([("serve", "gpu"), ("train",)], 0),
        ([("train", "serve"), ("serve", "gpu")], 1),
        ([("serve", "gpu"), ("serve",)], 1),
        ([("train",), ()], 1),
    ],
)
def test_the_one_for_serving(tags: list[tuple[str, ...]], meant: int, tmp_path: Path) -> None:
    assert planned(tagged(*tags), tmp_path).meta_graph == meant


@pytest.mark.parametrize(
    "tags",
    [[("serve", "gpu"), ("serve", "tpu")], [("a",), ("b",)]],
)
def test_several_are_asked_for(tags: list[tuple[str, ...]], tmp_path: Path) -> None:
    reason, ways, _ = asked(tagged(*tags), tmp_path)
    assert reason.endswith("has 2 MetaGraphs.")
    assert sorted(ways) == sorted(f"--tags {','.join(item)}" for item in tags)
    for index, item in enumerate(tags):
        assert planned(tagged(*tags), tmp_path, tags=item[::-1]).meta_graph == index


def test_training_is_never_taken_by_itself(tmp_path: Path) -> None:
    _, ways, _ = asked(tagged(("train",), ("eval",)), tmp_path)
    assert ways == ["--tags eval", "--tags train"]
    assert planned(tagged(("train",), ("transform",)), tmp_path).meta_graph == 1
    _, ways, _ = asked(tagged(("a",), ("train",), ("b",)), tmp_path)
    assert ways == ["--tags a", "--tags b"]


def holding(*parts: tuple[str, ...]) -> Model:
    """MetaGraphs with tags that say nothing and no signature; each holds what follows its tag."""
    model = Model(parts[0][0:1], empty=True)
    for number, (tag, *held) in enumerate(parts):
        if number:
            model.add_meta_graph((tag,))
        model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
        model.node("p", "Softmax", ["x"], T=FLOAT, _output_shapes=[(None, 3)])
        if "step" in held:
            model.node("Adam/w", "ApplyAdam", ["p", "p"], T=FLOAT)
        if "label" in held:
            model.node("y", "Placeholder", dtype=FLOAT, shape=(None, 3))
            entropy = "SoftmaxCrossEntropyWithLogits"
            model.node("e", entropy, ["p", "y"], T=FLOAT, _output_shapes=[(None,), (None, 3)])
    return model


def test_training_is_known_by_what_a_metagraph_holds(tmp_path: Path) -> None:
    """Tags are the author's words: `fit` and `measure` say nothing by themselves."""
    model = holding(("fit", "step", "label"), ("prod",), ("measure", "label"))
    found = planned(model, tmp_path)
    assert (found.verdict, found.meta_graph) == ("repairable", 1)
    commands = {item.code: item.command for item in diagnose(read(model.write(tmp_path / "m")))}
    assert str(commands["CON201"]).endswith("--tags prod --only-metagraph")
    assert "CON202" in commands and "SIG001" in commands
    for parts in (("fit", "step"), ("more", "step")), (("a",), ("b",), ("fit", "label")):
        _, ways, _ = asked(holding(*parts), tmp_path)
        assert ways == [f"--tags {tag}" for tag, *held in parts if held in (["step"], [])]


def test_tags_that_none_has(tmp_path: Path) -> None:
    for tags in (("gpu",), ("serve", "gpu", "x"), ()):
        reason, hint = refused(tagged(("serve", "gpu"), ("train",)), tmp_path, tags=tags)
        assert reason.endswith(f"has exactly the tags {','.join(tags) or '(none)'}.")
        assert hint == "--tags serve,gpu; --tags train"


def test_a_model_without_any(tmp_path: Path) -> None:
    model = replace(read(tagged(("serve",)).write(tmp_path / "m")), meta_graphs=())
    found = plan(model)
    assert (found.verdict, found.edits) == ("blocked", ())
    assert found.reason == f"{model.path}: the SavedModel has no MetaGraph."


@pytest.mark.parametrize(
    "tags", [("train",), ("train", "serve"), ("serve", "gpu"), ("s", "e", "r", "v"), (), ("myTag",)]
)
def test_tags_are_serve_alone(tags: tuple[str, ...], tmp_path: Path) -> None:
    """Loaders compare sets: `serve,gpu` is not found by those that ask for `serve`."""
    found = planned(tagged(tags), tmp_path)
    edit = edit_of(found, SetTags)
    assert (edit.tags, edit.was, edit.origin) == (("serve",), tags, CONVENTION)
    assert bool(found.notes) is (tags == ("train",)), "it was saved for training"


def test_tags_that_are_left(tmp_path: Path) -> None:
    taken = planned(tagged(("train",), ("serve",)), tmp_path, tags=("train",))
    assert taken.verdict == "healthy", "another has the tag"
    assert planned(tagged(("serve",)), tmp_path).verdict == "healthy"
    kept = planned(
        tagged(("serve", "gpu"), ("serve",)), tmp_path, tags=("serve", "gpu"), only_meta_graph=True
    )
    assert edit_of(kept, SetTags).tags == ("serve",), "the other is dropped"


def test_the_tags_that_are_asked_for(tmp_path: Path) -> None:
    edit = edit_of(planned(tagged(("serve",)), tmp_path, set_tags=("gpu", "serve")), SetTags)
    assert (edit.tags, edit.was, edit.origin) == (("gpu", "serve"), ("serve",), OPTION)
    same = planned(tagged(("serve", "gpu")), tmp_path, set_tags=("gpu", "serve"))
    assert same.verdict == "healthy"
    away = edit_of(planned(tagged(("serve",)), tmp_path, set_tags=("gpu",)), SetTags)
    assert away.tags == ("gpu",), "who sets the tags does without serve"


def test_one_is_kept(tmp_path: Path) -> None:
    model = tagged(("train",), ("serve",), ())
    edit = edit_of(planned(model, tmp_path, only_meta_graph=True), KeepMetaGraph)
    assert (edit.tags, edit.dropped) == (("serve",), (("train",), ()))
    assert planned(tagged(("serve",)), tmp_path, only_meta_graph=True).verdict == "healthy"
