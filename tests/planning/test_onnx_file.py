"""What becomes of an ONNX file, planned before anything is imported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sigfix.model import OtherModel
from sigfix.planning import Choices, Plan
from sigfix.planning.codec import read_plan, write_plan
from sigfix.planning.edits import AddSignature, FunctionSource, GraphSource
from sigfix.planning.file_edits import ImportOnnx, WriteCard
from sigfix.planning.onnx_file import for_imported, plan_onnx
from sigfix.planning.parsing import parse_append, parse_input, parse_normalize
from sigfix.planning.steps import Normalize, Transpose
from sigfix.presets import find_preset
from sigfix.reading import read, read_any
from tests.planning.plans import Traced, edit_of, of_functions, sign
from tests.reading.test_other_formats import field, value_info

FLOAT32, INT32, STRING_, BOOL, SEQUENCE = 1, 6, 8, 9, 99
Value = tuple[str, int, list[int | str]]
IMAGE: Value = ("image", FLOAT32, ["N", 3, 8, 8])
LOGITS: Value = ("logits", FLOAT32, ["N", 4])


def planned(
    folder: Path, given: list[Value], results: list[Value] | None = None, **choices: Any
) -> Plan:
    graph = field(1, field(4, b"Relu"))
    graph += b"".join(field(11, value_info(*item)) for item in given)
    graph += b"".join(field(12, value_info(*item)) for item in results or [LOGITS])
    path = folder / "m.onnx"
    path.write_bytes(field(1, 8) + field(7, graph) + field(8, field(2, 17)))
    model = read_any(path)
    assert isinstance(model, OtherModel)
    found = plan_onnx(model, Choices(**choices))
    assert read_plan(write_plan(found), "plan") == found
    return found


def test_it_is_imported(tmp_path: Path) -> None:
    found = planned(tmp_path, [IMAGE])
    assert found.verdict == "repairable"
    assert found.edits == (
        ImportOnnx("ai.onnx 17", ("image: float32[?,3,8,8]",), ("logits: float32[?,4]",)),
    )


def test_names_that_tensorflow_cannot_have(tmp_path: Path) -> None:
    (edit,) = planned(tmp_path, [("x:0", FLOAT32, [2])], [("1", FLOAT32, [2])]).edits
    assert isinstance(edit, ImportOnnx)
    assert edit.inputs == ("x_0: float32[2]  (x:0 in the file)",)
    assert edit.outputs == ("t_1: float32[2]  (1 in the file)",)


def test_changes_come_after_the_import(tmp_path: Path) -> None:
    found = planned(
        tmp_path, [IMAGE], layout="nhwc", normalize=parse_normalize("1,2"),
        append=(parse_append("top=argmax(logits)"),),
    )  # fmt: skip
    first, second = found.edits
    assert isinstance(first, ImportOnnx) and isinstance(second, AddSignature)
    (image,) = second.inputs
    assert (str(image), image.steps, image.target) == (
        "image: float32[?,8,8,3]",
        (Normalize((1.0,), (2.0,)), Transpose((0, 3, 1, 2))),
        "image",
    )
    assert [(item.name, item.source) for item in second.outputs] == [
        ("logits", "logits"), ("top", "logits"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["x:0", "x_0"])
def test_sizes_go_into_the_file(name: str, tmp_path: Path) -> None:
    open_input: Value = ("x:0", FLOAT32, ["N", "W"])
    (edit,) = planned(tmp_path, [open_input], inputs=(parse_input(f"{name}=[2,5]"),)).edits
    assert isinstance(edit, ImportOnnx)
    assert edit.sizes == (("x:0", (2, 5)),)
    assert edit.inputs == ("x_0: float32[2,5]  (x:0 in the file)",)


def test_sizes_as_the_file_has_them_with_another_layout(tmp_path: Path) -> None:
    wide: Value = ("image", FLOAT32, ["N", 3, "H", "W"])
    found = planned(tmp_path, [wide], layout="nhwc", inputs=(parse_input("image=[1,8,9,3]"),))
    assert edit_of(found, ImportOnnx).sizes == (("image", (1, 3, 8, 9)),)
    assert edit_of(found, AddSignature).inputs[0].shape == (1, 8, 9, 3)


def test_what_contradicts_the_file(tmp_path: Path) -> None:
    found = planned(tmp_path, [IMAGE], inputs=(parse_input("image=[1,3,9,8]"),))
    assert (found.verdict, found.edits) == ("blocked", ())
    assert "[1,3,9,8] does not fit [?,3,8,8]" in found.reason
    found = planned(tmp_path, [IMAGE], inputs=(parse_input("a=[1]"), parse_input("b=[1]")))
    assert "--input a: there is no such input" in found.reason


@pytest.mark.parametrize(
    ("value", "kind", "sizes", "why"),
    [
        (7, INT32, [], ""), (7, FLOAT32, [2], ""), (0.5, FLOAT32, [], ""), (True, BOOL, [], ""),
        (0.5, INT32, [], "rate_hz is int32"), (1, BOOL, [], "rate_hz is bool"),
        (7, INT32, ["N"], "rate_hz has dynamic dimensions [?]"),
    ],
)  # fmt: skip
def test_values_go_into_the_file(
    value: Any, kind: int, sizes: list[int | str], why: str, tmp_path: Path
) -> None:
    """What has another type or an open shape is refused with the reason."""
    found = planned(tmp_path, [IMAGE, ("rate.hz", kind, sizes)], bind=(("rate.hz", value),))
    if why:
        assert (found.verdict, found.edits) == ("blocked", ())
        assert why in found.reason
        return
    (edit,) = found.edits
    assert isinstance(edit, ImportOnnx)
    assert edit.bound == (("rate.hz", value),)
    assert edit.inputs == ("image: float32[?,3,8,8]",)


def test_a_value_is_given_by_the_key_too(tmp_path: Path) -> None:
    found = planned(tmp_path, [IMAGE, ("rate.hz", INT32, [])], bind=(("rate_hz", 7),))
    assert edit_of(found, ImportOnnx).bound == (("rate.hz", 7),)


def test_an_empty_axis(tmp_path: Path) -> None:
    found = planned(tmp_path, [("x", FLOAT32, [0, 3])])
    assert (found.verdict, found.edits) == ("blocked", ())
    assert "it takes empty tensors alone" in found.reason
    assert "m.onnx --input 'x=float32[?,3]'   #" in found.hint
    sized = planned(tmp_path, [("x", FLOAT32, [0, 3])], inputs=(parse_input("x=[?,3]"),))
    assert edit_of(sized, ImportOnnx).sizes == (("x", (None, 3)),)


@pytest.mark.parametrize(
    ("inputs", "outputs", "reason"),
    [
        ([IMAGE], [("y", SEQUENCE, [1])], "which TensorFlow does not compute with"),
        ([IMAGE, IMAGE], [LOGITS], "two tensors of one name"),
        ([IMAGE], [LOGITS, ("", FLOAT32, [1])], "one without a name"),
    ],
)
def test_what_cannot_be_imported(
    inputs: list[Value], outputs: list[Value], reason: str, tmp_path: Path
) -> None:
    found = planned(tmp_path, inputs, outputs)
    assert (found.verdict, found.edits) == ("blocked", ())
    assert reason in found.reason


def test_a_preset(tmp_path: Path) -> None:
    preset = find_preset("db_resnet34", 64)
    image: Value = ("pixels", FLOAT32, ["N", 3, 64, 64])
    found = planned(tmp_path, [image], [("map", FLOAT32, ["N", 1, 64, 64])], preset=preset)
    first, card = found.edits
    assert isinstance(card, WriteCard) and card.layout == "nhwc"
    assert first == ImportOnnx(
        "ai.onnx 17", ("input: float32[?,64,64,3]",), ("probabilities: float32[?,64,64,1]",),
        "db_resnet34", 64,
    )  # fmt: skip
    wrong = planned(tmp_path, [IMAGE], preset=preset)
    assert (wrong.verdict, wrong.edits) == ("blocked", ())
    assert "db_resnet34 takes float32[?,64,64,3]" in wrong.reason


def test_the_edits_for_what_was_imported(tmp_path: Path) -> None:
    """They name tensors; of the imported model they are positions of its function."""
    flag: Value = ("flag", STRING_, ["N"])
    found = planned(tmp_path, [IMAGE, flag], rename=(("image", "pixels"), ("logits", "scores")))
    model = of_functions({"__call__": Traced()})
    shape = ("", "float32", (None, 3, 8, 8))
    words = ("", "string", (None,))
    sign(model, "serving_default", {"flag": words, "image": shape}, {"logits": shape})
    imported = read(model.write(tmp_path / "imported"))
    assert isinstance(edit_of(found, AddSignature).source, GraphSource)
    (edit,) = for_imported(found.edits, imported)
    assert isinstance(edit, AddSignature)
    assert edit.source == FunctionSource("signatures.serving_default", "signature_serving_default")
    assert [(item.name, item.target) for item in edit.inputs] == [("flag", "0"), ("pixels", "1")]
    assert [(item.name, item.source) for item in edit.outputs] == [("scores", "0")]
