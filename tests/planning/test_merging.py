"""Several signatures as one: the same inputs, all outputs."""

from __future__ import annotations

from pathlib import Path

from sigfix.planning.edits import OPTION, FunctionSource, GraphSource, MergedSource, positions
from tests.models import Model
from tests.planning.plans import FLOAT, Traced, X, added, of_functions, refused, sign

MASK = ("mask", "bool", (None,))
HEADS = ("first", "second")


def two_heads(second: dict[str, object] | None = None, output: str = "y") -> Model:
    """`first` takes x, `second` x and a mask; each has an output."""
    model = of_functions({"__call__": Traced()})
    sign(model, "first", {"x": X}, {"y": X})
    sign(model, "second", second or {"mask": MASK, "x": X}, {output: X})  # type: ignore[arg-type]
    return model


def test_heads_share_an_input_of_one_name(tmp_path: Path) -> None:
    edit = added(two_heads(), tmp_path, from_key=HEADS)
    assert edit.source == MergedSource(
        (
            FunctionSource("signatures.first", "signature_first"),
            FunctionSource("signatures.second", "signature_second"),
        )
    )
    assert (edit.origin, edit.heads) == (OPTION, edit.source.heads)  # type: ignore[union-attr]
    assert [(item.name, item.target) for item in edit.inputs] == [("x", "0:0,1:1"), ("mask", "1:0")]
    assert [positions(item.target) for item in edit.inputs] == [[(0, 0), (1, 1)], [(1, 0)]]


def test_outputs_of_one_name_are_told_apart_by_the_heads(tmp_path: Path) -> None:
    edit = added(two_heads(), tmp_path, from_key=HEADS)
    assert [(item.name, item.source) for item in edit.outputs] == [
        ("first_y", "0:0"), ("second_y", "1:0"),
    ]  # fmt: skip
    edit = added(two_heads(output="z"), tmp_path, from_key=HEADS)
    assert [item.name for item in edit.outputs] == ["y", "z"]


def test_inputs_of_one_name_and_two_kinds(tmp_path: Path) -> None:
    for spec in (("x", "float64", (None, 3)), ("x", "float32", (None, 4))):
        reason, _ = refused(two_heads({"x": spec}), tmp_path, from_key=HEADS)
        assert reason.startswith("The input x is float32[?,3] in one signature and ")
        assert reason.endswith("in second: they cannot be fed as one.")


def test_the_merged_signature_can_be_changed(tmp_path: Path) -> None:
    choices = {"rename": (("first_y", "score"),), "drop_outputs": ("second_y",)}
    edit = added(two_heads(), tmp_path, from_key=HEADS, key="both", **choices)
    assert edit.key == "both"
    assert [(item.name, item.source) for item in edit.outputs] == [("score", "0:0")]


def test_a_head_without_a_function(tmp_path: Path) -> None:
    model = of_functions({"__call__": Traced()})
    sign(model, "first", {"x": X}, {"y": X})
    model.signature("second", {"x": ("first_x:0", "float32", (None, 3))},
                    {"y": ("call_first:0", "float32", (None, 3))})  # fmt: skip
    reason, _ = refused(model, tmp_path, from_key=HEADS)
    assert reason == "Signature second has no function in the object graph."


def test_a_signature_that_is_not_there(tmp_path: Path) -> None:
    reason, hint = refused(two_heads(), tmp_path, from_key=("first", "third"))
    assert (reason, hint) == ("There is no signature third.", "there are: first, second")


def graph_with(second_input: str) -> Model:
    model = Model()
    model.node("z", "Tanh", ["x"], T=FLOAT)
    model.node("w", "Placeholder", dtype=FLOAT, shape=(None, 3))
    model.signature("first")
    model.signature(
        "second",
        {"x": (second_input, "float32", (None, 3))},
        {"z": ("z:0", "float32", (None, 3))},
    )
    return model


def test_signatures_of_a_first_generation_graph(tmp_path: Path) -> None:
    edit = added(graph_with("x:0"), tmp_path, from_key=HEADS)
    assert edit.source == GraphSource("signatures first, second")
    assert [(item.name, item.target) for item in edit.inputs] == [("x", "x:0")]
    assert [(item.name, item.source) for item in edit.outputs] == [("y", "y:0"), ("z", "z:0")]
    reason, _ = refused(graph_with("w:0"), tmp_path, from_key=HEADS)
    assert reason == (
        "The input x is x:0 in one signature and w:0 in second: they cannot be fed as one."
    )
