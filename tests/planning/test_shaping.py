"""Inputs and outputs as the user wants them: what lies between them and the model's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.planning.edits import OPTION, TRACE, BoundInput
from sigfix.planning.parsing import parse_append, parse_binding, parse_input, parse_normalize
from sigfix.planning.steps import Activation, Cast, Normalize, Transpose
from tests.models import Model
from tests.planning.plans import Traced, X, added, of_functions, planned, refused

IMAGE = ("image", "float32", (None, 3, 8, 8))
LAST = ("image", "float32", (None, 8, 8, 3))


def taking(*args: tuple[str, str, object], output: object = ("y", "float32", (None, 3))) -> Model:
    """A model that is called with these arguments, each under its spec's name."""
    return of_functions({"__call__": Traced((args,), [name for name, _, _ in args], (), output)})


def test_an_input_of_another_type_is_cast(tmp_path: Path) -> None:
    (given,) = added(taking(X), tmp_path, inputs=(parse_input("x=uint8[?,3]"),)).inputs
    assert (str(given), given.steps, given.origin) == (
        "x: uint8[?,3]", (Cast("float32"),), OPTION,
    )  # fmt: skip
    (same,) = added(taking(X), tmp_path, inputs=(parse_input("x=float32[2,3]"),)).inputs
    assert (same.steps, same.shape) == ((), (2, 3))


def test_text_cannot_be_cast(tmp_path: Path) -> None:
    for there, wanted in (("float32", "string"), ("string", "int32")):
        model = taking(("x", there, (None,)))
        reason, _ = refused(model, tmp_path, inputs=(parse_input(f"x={wanted}"),))
        assert reason == f"--input x: {there} and {wanted} cannot be cast into each other."


def test_a_renamed_input_keeps_the_specs_origin(tmp_path: Path) -> None:
    (given,) = added(taking(X), tmp_path, inputs=(parse_input("image:x"),)).inputs
    assert (given.name, given.name_origin, given.origin) == ("image", OPTION, TRACE)
    (given,) = added(taking(X), tmp_path, rename=(("x", "image"),)).inputs
    assert (given.name, given.name_origin, given.origin) == ("image", OPTION, TRACE)


def test_layout_turns_images_alone(tmp_path: Path) -> None:
    model = taking(IMAGE, ("size", "int32", (2,)), output=("m", "float32", (None, 1, 4, 5)))
    edit = added(model, tmp_path, layout="nhwc")
    assert [(str(item), item.steps) for item in edit.inputs] == [
        ("image: float32[?,8,8,3]", (Transpose((0, 3, 1, 2)),)), ("size: int32[2]", ()),
    ]  # fmt: skip
    (result,) = edit.outputs
    assert (result.shape, result.steps) == ((None, 4, 5, 1), (Transpose((0, 2, 3, 1)),))
    edit = added(model, tmp_path, layout="nhwc", layout_of=("image",))
    assert edit.inputs[0].steps and not edit.outputs[0].steps
    (back,) = added(taking(LAST), tmp_path, layout="nchw").inputs
    assert (back.shape, back.steps) == ((None, 3, 8, 8), (Transpose((0, 2, 3, 1)),))


def test_a_layout_of_nothing(tmp_path: Path) -> None:
    reason, hint = refused(taking(X), tmp_path, layout="nhwc")
    assert (reason, hint) == ("--layout nhwc: no input or output is an image (of rank 4).", "")
    reason, hint = refused(taking(IMAGE), tmp_path, layout="nhwc", layout_of=("picture",))
    assert reason == "--layout nhwc: picture is no image (of rank 4)."
    assert hint == "images are: image"


@pytest.mark.parametrize(
    ("spec", "layout", "steps"),
    [
        (IMAGE, "nhwc", (Normalize((0.1, 0.2, 0.3), (1.0,), 0.5), Transpose((0, 3, 1, 2)))),
        (LAST, "nchw", (Transpose((0, 2, 3, 1)), Normalize((0.1, 0.2, 0.3), (1.0,), 0.5))),
        (LAST, None, (Normalize((0.1, 0.2, 0.3), (1.0,), 0.5),)),
    ],
)
def test_images_are_normalised_where_their_channels_are_last(
    spec: tuple[str, str, object], layout: str | None, steps: object, tmp_path: Path
) -> None:
    normalize = parse_normalize("0.1/0.2/0.3,1,0.5")
    (given,) = added(taking(spec), tmp_path, layout=layout, normalize=normalize).inputs
    assert given.steps == steps


def test_bytes_are_cast_before_they_are_normalised(tmp_path: Path) -> None:
    (given,) = added(
        taking(LAST),
        tmp_path,
        inputs=(parse_input("image=uint8"),),
        normalize=parse_normalize("1,2"),
    ).inputs
    assert given.steps == (Cast("float32"), Normalize((1.0,), (2.0,)))


def test_what_cannot_be_normalised(tmp_path: Path) -> None:
    channels = parse_normalize("1/2/3,1")
    reason, hint = refused(taking(IMAGE), tmp_path, normalize=channels)
    assert reason == (
        "--normalize has 3 channels, and the last dimension of image is not 3 in [?,3,8,8]."
    )
    assert hint == "--layout nhwc   # brings the channels to the end"
    whole = ("x", "int32", (None, 3))
    assert refused(taking(whole), tmp_path, normalize=channels)[0] == (
        "--normalize: x is int32, not a float."
    )
    pair = taking(("a", "float32", (3,)), ("b", "float32", (3,)))
    assert "none of the inputs is an image" in refused(pair, tmp_path, normalize=channels)[0]
    edit = added(pair, tmp_path, normalize=parse_normalize("b:1,2"))
    assert [bool(item.steps) for item in edit.inputs] == [False, True]
    reason, hint = refused(pair, tmp_path, normalize=parse_normalize("c:1,2"))
    assert reason == "--normalize: there is no input c." and hint.endswith("one of: a, b")


@pytest.mark.parametrize(
    ("dtype", "text", "value"),
    [
        ("bool", "true", True), ("float32", "0.5", 0.5), ("float32", "1", 1), ("int32", "7", 7),
        ("string", "fast", "fast"),
    ],
)  # fmt: skip
def test_a_bound_argument_is_no_input(dtype: str, text: str, value: object, tmp_path: Path) -> None:
    model = taking(X, ("flag", dtype, ()))
    edit = added(model, tmp_path, bind=(parse_binding(f"flag={text}"),))
    assert [item.name for item in edit.inputs] == ["x"]
    assert edit.bound == (BoundInput("1", dtype, (), value, f"flag: {dtype}[]"),)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("dtype", "text", "hint"),
    [
        ("bool", "1", "true"), ("float32", "true-ish", "1.0"), ("int32", "0.5", "1"),
        ("string", "3", "TEXT"),
    ],
)  # fmt: skip
def test_a_value_of_another_type(dtype: str, text: str, hint: str, tmp_path: Path) -> None:
    reason, said = refused(
        taking(X, ("flag", dtype, ())), tmp_path, bind=(parse_binding(f"flag={text}"),)
    )
    assert reason.startswith(f"--bind flag={text}: flag is {dtype}")
    assert said == f"--bind flag={hint}"


def test_a_constant_has_no_open_dimension(tmp_path: Path) -> None:
    reason, _ = refused(taking(X), tmp_path, bind=(("x", 1.0),))
    assert "dynamic dimensions [?,3], and a constant has none" in reason


def test_outputs_appended_renamed_and_dropped(tmp_path: Path) -> None:
    model = taking(X, output={"logits": X, "extra": X})
    edit = added(
        model, tmp_path, rename=(("logits", "raw"),), drop_outputs=("extra",),
        append=(parse_append("p=softmax(logits)"), parse_append("best=argmax(p)")),
    )  # fmt: skip
    assert [(str(item), item.source, item.steps, item.origin) for item in edit.outputs] == [
        ("raw: float32[?,3]", "1", (), OPTION),
        ("p: float32[?,3]", "1", (Activation("softmax"),), OPTION),
        ("best: int64[?]", "1", (Activation("softmax"), Activation("argmax")), OPTION),
    ]


def test_what_cannot_be_appended(tmp_path: Path) -> None:
    whole = taking(X, output=("n", "int32", (None, 3)))
    for kind in ("softmax", "sigmoid"):
        reason, _ = refused(whole, tmp_path, append=(parse_append(f"p={kind}(output_0)"),))
        assert reason == f"--append p={kind}(output_0): it is int32, not a float."
    assert added(whole, tmp_path, append=(parse_append("p=argmax(output_0)"),))
    scalar = taking(X, output=("n", "float32", ()))
    assert (
        "it is a scalar"
        in refused(scalar, tmp_path, append=(parse_append("p=argmax(output_0)"),))[0]
    )
    reason, hint = refused(taking(X), tmp_path, append=(parse_append("p=argmax(y)"),))
    assert (reason, hint) == ("--append: there is no output y.", "there are: output_0")


def test_two_tensors_of_one_name(tmp_path: Path) -> None:
    pair = taking(("a", "float32", (3,)), ("b", "float32", (3,)), output={"p": X, "q": X})
    reason, hint = refused(pair, tmp_path, rename=(("a", "b"),))
    assert reason == "Two inputs would have the same name: b, b." and "--rename" in hint
    reason, hint = refused(pair, tmp_path, rename=(("p", "q"),))
    assert reason == "Two outputs would have the same name: q, q." and "--rename" in hint
    swapped = added(pair, tmp_path, rename=(("a", "b"), ("b", "a")))
    assert [item.name for item in swapped.inputs] == ["b", "a"]


def test_an_output_has_to_be_left(tmp_path: Path) -> None:
    reason, hint = refused(taking(X), tmp_path, drop_outputs=("output_0",))
    assert (reason, hint) == ("No output is left.", "keep one: drop fewer with --drop-output")
    assert refused(taking(X), tmp_path, drop_outputs=("y",))[0] == (
        "--drop-output: there is no output y."
    )
    assert refused(taking(X), tmp_path, rename=(("y", "z"),))[0] == (
        "--rename y: there is no such input or output."
    )


def test_chosen_outputs_of_a_function(tmp_path: Path) -> None:
    model = taking(X, output={"a": X, "b": X})
    edit = added(model, tmp_path, outputs=(("score", "b"), ("again", "result['b']")))
    assert [(item.name, item.source) for item in edit.outputs] == [("score", "1"), ("again", "1")]
    assert refused(model, tmp_path, outputs=(("score", "c"),))[0] == (
        "--output: there is no output c."
    )


def test_a_narrower_shape_and_one_that_does_not_fit(tmp_path: Path) -> None:
    model = Model()
    model.signature()
    assert planned(model, tmp_path, inputs=(parse_input("x=float32[?,3]"),)).verdict == "healthy"
    assert added(model, tmp_path, inputs=(parse_input("x=[4,3]"),)).inputs[0].shape == (4, 3)
    reason, hint = refused(model, tmp_path, inputs=(parse_input("x=[?,4]"),))
    assert reason == "--input x: [?,4] does not fit [?,3], which is what x accepts."
    assert hint == "of what is static a batch of 1 alone can be opened, of one function"


def test_a_binding_of_nothing_is_refused_of_a_graph_too(tmp_path: Path) -> None:
    """It would be left out in silence."""
    model = Model()
    for signature in (False, True):
        if signature:
            model.signature()
        reason, hint = refused(model, tmp_path, bind=(("keep_prop", 1.0),))
        assert reason == "--bind keep_prop: there is no such argument."
        assert hint == "there are: x"


@pytest.mark.parametrize(
    ("spec", "layout", "is_refused"),
    [
        (LAST, "nhwc", True), (IMAGE, "nchw", True), (IMAGE, "nhwc", False), (LAST, "nchw", False),
        (("image", "uint8", (None, None, None, 3)), "nhwc", True),
        (("image", "float32", (None, None, None, None)), "nhwc", False),
        (("image", "float32", (None, 64, 8, 8)), "nhwc", False),
        (("image", "float32", (None, 3, None, 3)), "nhwc", False),
    ],
)  # fmt: skip
def test_an_image_is_not_turned_twice(
    spec: Traced, layout: str, is_refused: bool, tmp_path: Path
) -> None:
    if is_refused:
        reason, hint = refused(taking(spec), tmp_path, layout=layout)
        assert "already" in reason and f"{layout}:image" in hint
    else:
        assert added(taking(spec), tmp_path, layout=layout).inputs[0].steps
    insisted = added(taking(spec), tmp_path, layout=layout, layout_of=("image",))
    assert insisted.inputs[0].steps
