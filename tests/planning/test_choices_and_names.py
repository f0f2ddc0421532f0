"""Options as they are parsed, and names as they are made."""

from __future__ import annotations

import pytest

from sigfix.errors import UsageError
from sigfix.planning.choices import AppendChoice, InputChoice, NewSignature, NormalizeChoice
from sigfix.planning.names import clean, input_names, make_unique
from sigfix.planning.parsing import (
    parse_append,
    parse_binding,
    parse_input,
    parse_layout,
    parse_normalize,
    parse_sources,
)
from sigfix.planning.traces import covers


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        (
            "x=float32[?,32,128,3]",
            InputChoice("x", None, "float32", (None, 32, 128, 3), has_shape=True),
        ),
        ("x=[1,-1,None]", InputChoice("x", None, None, (1, None, None), has_shape=True)),
        ("x=[]", InputChoice("x", None, None, (), has_shape=True)),
        ("x=float32[...]", InputChoice("x", None, "float32", None, has_shape=True)),
        ("x=int64", InputChoice("x", None, "int64")),
        ("new:old", InputChoice("new", "old")),
        ("new:tensor=a/b:0=uint8[2]", InputChoice("new", "a/b:0", "uint8", (2,), has_shape=True)),
    ],
)
def test_inputs(text, choice):
    assert parse_input(text) == choice


@pytest.mark.parametrize("text", ["", "=float32", "x=float33", "x=[a]", "x=float32[1", "x=[1.5]"])
def test_misread_inputs(text):
    with pytest.raises(UsageError):
        parse_input(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("a=true", True), ("a=False", False), ("a=1", 1), ("a=1.0", 1.0), ("a=fast", "fast")],
)
def test_bindings_keep_their_type(text, value):
    name, parsed = parse_binding(text)
    assert (name, parsed, type(parsed)) == ("a", value, type(value))


def test_append_and_normalize():
    assert parse_append("p = sigmoid(logits)") == AppendChoice("p", "sigmoid", "logits")
    assert parse_normalize("0.5,0.25") == NormalizeChoice((0.5,), (0.25,))
    assert parse_normalize("1/2/3,4/5/6,0.1") == NormalizeChoice((1, 2, 3), (4, 5, 6), 0.1)
    for text in ("1", "1,2,3,4", "1/2,1/2/3", "a,b", "1,0"):
        with pytest.raises(UsageError):
            parse_normalize(text)


def test_unique_names_never_collide():
    assert make_unique(["x", "x", "x_1", "x"]) == ["x", "x_2", "x_1", "x_3"]


def test_generic_names_are_replaced():
    assert input_names(["args_0"]) == ["input"]
    assert input_names(["args_0", "mask", "unknown"]) == ["input_0", "mask", "input_1"]
    assert clean("scope/x:0") == "scope_x"
    assert clean("0") == "_0"


@pytest.mark.parametrize(
    ("general", "special", "expected"),
    [
        (None, (1, 2), True),
        ((None, 2), (5, 2), True),
        ((None, 2), (None, 2), True),
        ((1, 2), (None, 2), False),
        ((None,), None, False),
        ((None, 2), (2,), False),
    ],
)
def test_covers(general, special, expected):
    assert covers(general, special) is expected


def test_layout_and_normalize_can_name_what_they_are_for():
    assert parse_layout("nhwc") == ("nhwc", ())
    assert parse_layout("nchw:image,map") == ("nchw", ("image", "map"))
    assert parse_normalize("1/2/3,4").input is None
    assert parse_normalize("image:0.5,0.25,255").input == "image"
    for text in ("nhcw", "nhwc:", "nhwc,x"):
        with pytest.raises(UsageError):
            parse_layout(text)


def test_sources_of_several_signatures():
    found = parse_sources(
        ["encoder.__call__", "codes=encoder.codes"],
        ["both=a+b", "old"],
        ["logits=x:0", "heads/p=scope/y:0"],
    )
    assert (found.function, found.from_key) == ("encoder.__call__", ("old",))
    assert found.outputs == (("logits", "x:0"),)
    assert found.signatures == (
        NewSignature("codes", "encoder.codes"),
        NewSignature("both", None, ("a", "b")),
        NewSignature("heads", None, (), (("p", "scope/y:0"),)),
    )
