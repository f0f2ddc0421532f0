"""The words of an option, and the form that is said where something else is given."""

from __future__ import annotations

import re

import pytest

from sigfix.errors import UsageError
from sigfix.planning.choices import AppendChoice, InputChoice, NewSignature, NormalizeChoice
from sigfix.planning.parsing import (
    parse_append,
    parse_binding,
    parse_input,
    parse_layout,
    parse_normalize,
    parse_pair,
    parse_sources,
    parse_tags,
)


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


def test_the_form_is_said() -> None:
    for parse, text, said in (
        (parse_input, "x=float33", "is not a dtype"),
        (parse_input, "x=[a]", "'a' is not a dimension"),
        (parse_append, "p=relu(y)", "--append p=relu(y): not understood"),
        (parse_normalize, "1", "--normalize 1: not understood"),
        (parse_layout, "nhcw", "--layout nhcw: not understood"),
        (parse_binding, "training", "--bind training: not understood"),
    ):
        with pytest.raises(UsageError, match=re.escape(said)) as raised:
            parse(text)
        assert raised.value.hint


def test_pairs_and_tags() -> None:
    assert parse_pair("--rename", " old = new ") == ("old", "new")
    assert parse_pair("--rename", "old=a=b") == ("old", "a=b")
    for text in ("old", "old=", "=new", "="):
        with pytest.raises(UsageError) as raised:
            parse_pair("--rename", text)
        assert raised.value.hint == "--rename old=new"
    assert parse_tags("serve, gpu,") == ("serve", "gpu")
    assert parse_tags("") == ()


@pytest.mark.parametrize("text", ["x=1,224,224,3", "x=1x224x224x3", "x=[1,224,224,3]"])
def test_sizes_need_no_brackets(text: str) -> None:
    found = parse_input(text)
    assert (found.name, found.dtype, found.shape) == ("x", None, (1, 224, 224, 3))
    assert found.has_shape


def test_open_sizes_without_brackets() -> None:
    assert parse_input("x=?,224,-1").shape == (None, 224, None)
    assert parse_input("x=5").shape == (5,)


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ((["a", "b.c"], [], []), "--function b.c: several functions need a signature's key each"),
        ((["k=a", "k=b"], [], []), "--function k=b: k has a function already"),
        ((["k=a"], ["k=b"], []), "--from k=b: k has another source already"),
    ],
)
def test_sources_that_contradict_each_other(sources, said) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        parse_sources(*sources)
