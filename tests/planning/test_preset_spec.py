"""`--preset NAME` on a model that is there: what the preset says of it, or why it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sigfix.model import Shape
from sigfix.planning.edits import OPTION, PRESET, AddSignature, Plan
from sigfix.planning.file_edits import WriteCard
from sigfix.planning.parsing import parse_append, parse_input, parse_normalize
from sigfix.planning.steps import Activation, Transpose
from sigfix.presets import find_preset
from tests.models import Call, Model, add_node
from tests.planning.plans import FLOAT, Traced, edit_of, of_functions, planned, refused

DETECTOR = find_preset("db_resnet34", 64)
RECOGNISER = find_preset("crnn_vgg16_bn")
FIRST, LAST = (None, 3, 64, 64), (None, 64, 64, 3)
TO_FIRST, TO_LAST = Transpose((0, 3, 1, 2), PRESET), Transpose((0, 2, 3, 1), PRESET)
SIGMOID = Activation("sigmoid", PRESET)


def network(
    given: Shape, result: Any, operator: str = "Conv2D", *more: tuple[str, str, Shape]
) -> Model:
    """A function from an image to a float tensor (or several) that ends in one operator."""
    args = (("image", "float32", given), *more)
    output = result if isinstance(result, dict) else ("map", "float32", result)
    model = of_functions({"__call__": Traced((args,), [item[0] for item in args], (), output)})
    model.meta.graph_def.library.function[0].node_def[0].op = operator
    return model


def built(found: Plan) -> AddSignature:
    assert found.verdict == "repairable", found.reason
    return edit_of(found, AddSignature)


@pytest.mark.parametrize(
    ("given", "result", "operator", "before", "after"),
    [
        (FIRST, (None, 1, 64, 64), "Conv2D", (TO_FIRST,), (TO_LAST, SIGMOID)),
        (FIRST, (None, 1, 64, 64), "Sigmoid", (TO_FIRST,), (TO_LAST,)),
        (LAST, (None, 64, 64, 1), "Conv2D", (), (SIGMOID,)),
        (LAST, (None, 64, 64, 1), "Sigmoid", (), ()),
        (LAST, (None, 1, 64, 64), "Sigmoid", (), (TO_LAST,)),
        (FIRST, None, "Sigmoid", (TO_FIRST,), (TO_LAST,)),
        (LAST, None, "Sigmoid", (), ()),
    ],
)
def test_a_detector(
    given: Shape, result: Shape, operator: str, before: Any, after: Any, tmp_path: Path
) -> None:
    """One sigmoid in the end, channels last; an output of unknown rank is turned as the input."""
    found = planned(network(given, result, operator), tmp_path, preset=DETECTOR)
    edit = built(found)
    (image,), (probabilities,) = edit.inputs, edit.outputs
    assert (str(image), image.steps) == ("input: float32[?,64,64,3]", before)
    assert (str(probabilities), probabilities.steps) == (
        "probabilities: float32[?,64,64,1]", after,
    )  # fmt: skip
    assert (image.origin, image.name_origin, probabilities.origin) == (PRESET, PRESET, PRESET)
    card = edit_of(found, WriteCard)
    assert (card.preset, card.input, card.output) == ("db_resnet34", "input", "probabilities")
    assert (card.layout, card.weights, card.normalized) == ("nhwc", "m", False)


@pytest.mark.parametrize(("inner", "appended"), [("Sigmoid", False), ("Tanh", True)])
def test_the_last_operator_is_found_through_calls(
    inner: str, appended: bool, tmp_path: Path
) -> None:
    model = network(LAST, (None, 64, 64, 1), "Identity")
    body = model.meta.graph_def.library.function[0]
    body.node_def[0].input[:] = ["call:0"]
    add_node(body.node_def, "call", "StatefulPartitionedCall", ["x"], f=Call("inner"))
    called = model.function("inner")
    called.signature.output_arg.add(name="y", type=1)
    called.ret["y"] = "last:0"
    add_node(called.node_def, "last", inner, [], T=FLOAT)
    (result,) = built(planned(model, tmp_path, preset=DETECTOR)).outputs
    assert (SIGMOID in result.steps) is appended


def test_raw_logits_get_no_sigmoid(tmp_path: Path) -> None:
    raw = find_preset("db_resnet34", 64, raw_logits=True)
    (result,) = built(planned(network(LAST, (None, 64, 64, 1)), tmp_path, preset=raw)).outputs
    assert (result.name, result.steps) == ("logits", ())


def test_what_the_user_says_counts(tmp_path: Path) -> None:
    model = network(LAST, (None, 64, 64, 1), "Sigmoid")
    (image,) = built(
        planned(model, tmp_path, preset=DETECTOR, inputs=(parse_input("pixels:image=[1,64,64,3]"),))
    ).inputs
    assert (image.name, image.shape, image.origin) == ("pixels", (1, 64, 64, 3), OPTION)
    found = planned(model, tmp_path, preset=DETECTOR, append=(parse_append("m=sigmoid(output_0)"),))
    assert [item.name for item in built(found).outputs] == ["output_0", "m"]
    normalized = planned(model, tmp_path, preset=DETECTOR, normalize=parse_normalize("0.5,0.5"))
    assert edit_of(normalized, WriteCard).normalized
    (image,) = built(normalized).inputs
    assert image.steps[0].origin == OPTION


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ((None, 3, 96, 96), "--size 96"),
        ((None, 96, 96, 3), "--size 96"),
        ((None, 3, 96, 64), "--size 96x64"),
        ((None, 3, 96, 65), "choose another preset, or none"),
        ((None, 64, 64), "choose another preset, or none"),
        ((None, 64, 64, 1), "choose another preset, or none"),
    ],
)
def test_an_image_of_another_size(given: Shape, hint: str, tmp_path: Path) -> None:
    reason, said = refused(network(given, (None, 64, 64, 1)), tmp_path, preset=DETECTOR)
    assert "db_resnet34 takes float32[?,64,64,3] (or channels first)" in reason
    assert said == hint


def test_an_image_of_bytes(tmp_path: Path) -> None:
    model = of_functions({"__call__": Traced(((("image", "uint8", LAST),),), ("image",))})
    assert "is uint8[?,64,64,3], and" in refused(model, tmp_path, preset=DETECTOR)[0]


def test_an_input_too_many(tmp_path: Path) -> None:
    """The hint does what it says: with a value for the other one, the preset fits."""
    model = network(LAST, (None, 64, 64, 1), "Sigmoid", ("scale", "float32", ()))
    reason, hint = refused(model, tmp_path, preset=DETECTOR)
    assert reason == "db_resnet34 has one input, and the model has 2."
    assert hint == "give the others a value with --bind"
    edit = built(planned(model, tmp_path, preset=DETECTOR, bind=(("scale", 1.0),)))
    assert [item.name for item in edit.inputs] == ["input"]
    assert [item.target for item in edit.bound] == ["1"]


def test_outputs_that_could_be_the_presets(tmp_path: Path) -> None:
    shape = ("", "float32", (None, 64, 64, 1))
    model = network(LAST, {"a": shape, "b": shape, "c": ("", "float32", (None, 7))}, "Sigmoid")
    reason, hint = refused(model, tmp_path, preset=DETECTOR)
    assert reason.startswith("2 outputs can be the float32[?,64,64,1] of db_resnet34; there are: a")
    assert hint == "--output probabilities=NAME chooses one"
    chosen = planned(model, tmp_path, preset=DETECTOR, outputs=(("probabilities", "b"),))
    assert [(item.name, item.source) for item in built(chosen).outputs] == [("probabilities", "1")]
    reason, hint = refused(network(LAST, (None, 7)), tmp_path, preset=DETECTOR)
    assert reason.startswith("No output can be ") and hint == "choose another preset"


def letters(count: int) -> str:
    return "".join(chr(0x4E00 + index) for index in range(count))


def test_the_vocabulary_of_a_recogniser(tmp_path: Path) -> None:
    height, width = RECOGNISER.height, RECOGNISER.width
    result = (None, RECOGNISER.steps, 100)
    model = network((None, 3, height, width), result)
    found = planned(model, tmp_path, preset=RECOGNISER, vocabulary=letters(99))
    assert [str(item) for item in built(found).outputs] == [f"logits: float32[?,{result[1]},100]"]
    assert edit_of(found, WriteCard).vocabulary == letters(99)
    reason, hint = refused(model, tmp_path, preset=RECOGNISER, vocabulary=letters(126))
    assert "output_0 has 100 classes" in reason and "of 126 characters has 127" in reason
    assert "99 characters" in hint
    assert planned(model, tmp_path, preset=RECOGNISER).verdict == "repairable", "'' is not checked"


def test_a_model_that_is_the_preset_already_needs_its_card_alone(tmp_path: Path) -> None:
    model = Model(empty=True)
    model.node("input", "Placeholder", dtype=FLOAT, shape=LAST)
    model.node("probabilities", "Sigmoid", ["input"], T=FLOAT, _output_shapes=[(None, 64, 64, 1)])
    model.signature(
        "serving_default",
        {"input": ("input:0", "float32", LAST)},
        {"probabilities": ("probabilities:0", "float32", (None, 64, 64, 1))},
    )
    found = planned(model, tmp_path, preset=DETECTOR)
    assert [type(edit) for edit in found.edits] == [WriteCard]
    assert found.is_metadata_only
