"""Several signatures in one run, each with the options that are about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.planning.choices import NewSignature
from sigfix.planning.edits import AddSignature, AliasSignature
from sigfix.planning.parsing import parse_append, parse_input, parse_normalize
from sigfix.presets import find_preset
from tests.models import Dtype, Model
from tests.planning.plans import FLOAT, Traced, X, of_functions, planned, refused, sign

KNOWN = ("codes", "fast", "output_0", "result['text']", "result[0]", "text", "words", "x", "y")
BOTH = (NewSignature("encode", "encode"), NewSignature("decode", "decode"))


def two_functions() -> Model:
    """`encode` takes words, and a switch; `decode` takes codes."""
    words, codes = ("words", "int32", (None, 5)), ("codes", "float32", (None, 3))
    return of_functions(
        {
            "encode": Traced(((words, True), (words, False)), ("words", "fast")),
            "decode": Traced(((codes,),), ("codes",), output={"text": X}),
        }
    )


def made(model: Model, folder: Path, **choices: object) -> dict[str, AddSignature]:
    found = planned(model, folder, signatures=BOTH, **choices)
    assert found.verdict == "repairable", found.reason
    return {edit.key: edit for edit in found.added}


def test_each_gets_the_options_that_are_about_it(tmp_path: Path) -> None:
    edits = made(
        two_functions(), tmp_path, bind=(("fast", True),), inputs=(parse_input("codes=[2,3]"),),
        rename=(("output_0", "ids"), ("text", "line")), append=(parse_append("p=softmax(line)"),),
        normalize=parse_normalize("codes:1,2"),
    )  # fmt: skip
    assert list(edits) == ["encode", "decode"]
    assert edits["encode"].heads[0].trace == "encode_0"
    assert [str(item) for item in edits["encode"].inputs] == ["words: int32[?,5]"]
    assert [item.name for item in edits["encode"].outputs] == ["ids"]
    (codes,) = edits["decode"].inputs
    assert (str(codes), len(codes.steps)) == ("codes: float32[2,3]", 1)
    assert [item.name for item in edits["decode"].outputs] == ["line", "p"]


def test_an_option_that_no_signature_has_a_use_for(tmp_path: Path) -> None:
    for option, choices in (
        ("--rename", {"rename": (("w", "z"),)}),
        ("--bind", {"bind": (("training", False),)}),
        ("--input", {"inputs": (parse_input("z=[1]"),)}),
        ("--drop-output", {"drop_outputs": ("z",)}),
        ("--append", {"append": (parse_append("p=softmax(z)"),)}),
        ("--layout", {"layout": "nhwc", "layout_of": ("z",)}),
        ("--normalize", {"normalize": parse_normalize("z:1,2")}),
    ):
        bind = {"bind": (("fast", True),), **choices}
        reason, hint = refused(two_functions(), tmp_path, signatures=BOTH, **bind)
        assert reason.startswith(f"{option}: none of the signatures has "), reason
        assert hint == "there are: " + ", ".join(KNOWN)


def test_the_one_that_is_asked_for_beside_them(tmp_path: Path) -> None:
    found = planned(two_functions(), tmp_path, function="decode", signatures=BOTH[1:])
    assert [item.key for item in found.added] == ["decode", "serving_default"]
    reason, _ = refused(
        two_functions(), tmp_path, key="decode", function="decode", signatures=BOTH[1:]
    )
    assert reason == "Signature decode would be made twice."


def test_aliases_and_merged_ones(tmp_path: Path) -> None:
    model = of_functions({"__call__": Traced()})
    sign(model, "one", {"x": X}, {"y": X})
    sign(model, "two", {"x": X}, {"z": X})
    wanted = (
        NewSignature("again", from_key=("one",)),
        NewSignature("both", from_key=("one", "two")),
    )
    alias, merged = planned(model, tmp_path, signatures=wanted, rename=(("z", "score"),)).edits
    assert alias == AliasSignature("again", "one"), "it has no z that could be renamed"
    assert isinstance(merged, AddSignature)
    assert [item.name for item in merged.outputs] == ["y", "score"]
    assert refused(model, tmp_path, signatures=(NewSignature("a", from_key=("three",)),))[0] == (
        "There is no signature three."
    )


def test_heads_of_a_first_generation_graph(tmp_path: Path) -> None:
    model = Model(empty=True)
    for name in ("left", "right"):
        model.node(name, "Placeholder", dtype=FLOAT, shape=(None, 3))
        model.node(f"{name}_out", "Relu", [name], T=FLOAT)
    wanted = tuple(
        NewSignature(name, outputs=(("y", f"{name}_out:0"),)) for name in ("left", "right")
    )
    found = planned(model, tmp_path, signatures=wanted, rename=(("right", "image"),))
    assert [(item.key, item.inputs[0].name, item.inputs[0].target) for item in found.added] == [
        ("left", "left", "left:0"), ("right", "image", "right:0"),
    ]  # fmt: skip
    reason, _ = refused(model, tmp_path, signatures=(NewSignature("a", function="encode"),))
    assert "written by TF1" in reason


@pytest.mark.parametrize("number", [1, 2])
def test_a_preset_is_one_signature(number: int, tmp_path: Path) -> None:
    reason, hint = refused(
        two_functions(), tmp_path, preset=find_preset("db_resnet34"), signatures=BOTH[:number]
    )
    assert reason == "--preset is for one signature."
    assert hint == "repair the others in a second run"


def test_a_switch_that_is_a_tensor_is_bound_where_it_is(tmp_path: Path) -> None:
    model = Model(empty=True)
    model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
    model.node("flag", "Placeholder", dtype=Dtype("bool"), shape=())
    model.node("plain", "Relu", ["x"], T=FLOAT)
    model.node("mixed", "Select", ["flag", "x", "plain"], T=FLOAT)
    wanted = (
        NewSignature("a", outputs=(("y", "plain"),)),
        NewSignature("b", outputs=(("y", "mixed"),)),
    )
    one, other = planned(model, tmp_path, signatures=wanted, bind=(("flag", True),)).added
    assert (one.bound, [item.target for item in other.bound]) == ((), ["flag:0"])
    assert [[item.name for item in edit.inputs] for edit in (one, other)] == [["x"], ["x"]]
