"""The options of a command that a finding names, and whether `repair` carries them out."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from sigfix.errors import UsageError
from sigfix.planning.choices import Choices, NewSignature
from sigfix.planning.commands import carried_out, choices_of
from sigfix.planning.parsing import parse_append, parse_input, parse_normalize
from sigfix.reading import read
from tests.models import Model
from tests.planning.plans import FLOAT, Traced, X, of_functions, sign


def test_every_option_is_its_choice() -> None:
    words = shlex.split("""
        --signature k --tags serve,gpu --set-tags a --method-name m --normalize 1,2
        --input x=[1] --input y=int32 --bind a=true --rename a=b --drop-output c
        --append p=sigmoid(y) --remove-signature r --rename-signature s=t --layout nhwc:x
        --function f --from g --output o=x:0 --output h/p=y:0 --only-metagraph
    """)
    assert choices_of(words) == Choices(
        "k", "f", ("g",), ("serve", "gpu"), ("a",), (parse_input("x=[1]"), parse_input("y=int32")),
        (("o", "x:0"),), (("a", "b"),), ("c",), (("a", True),), (parse_append("p=sigmoid(y)"),),
        parse_normalize("1,2"), "nhwc", ("x",), ("r",), (("s", "t"),), "m", True,
        signatures=(NewSignature("h", outputs=(("p", "y:0"),)),),
    )  # fmt: skip
    assert choices_of(()) == Choices()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--quantize", "8"), "--quantize: not understood here"),
        (("--input",), "--input: its value is missing"),
        (("--bind", "training"), "--bind training: not understood"),
    ],
)
def test_options_that_are_not_understood(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        choices_of(words)


def options(model: Model, folder: Path, text: str) -> list[str]:
    """What is carried out instead of these options, as one line each."""
    return [" ".join(item) for item in carried_out(read(model.write(folder / "m")), text.split())]


def two_functions() -> Model:
    return of_functions({"encode": Traced(), "decode": Traced()})


def test_what_is_planned_as_it_is(tmp_path: Path) -> None:
    assert options(two_functions(), tmp_path, "--function encode") == ["--function encode"]


def test_what_is_refused(tmp_path: Path) -> None:
    model = two_functions()
    for text in ("--function absent", "--quantize 8", "--function encode --bind a=1"):
        assert options(model, tmp_path, text) == []
    healthy = Model()
    healthy.signature()
    assert options(healthy, tmp_path, "") == [], "nothing to do is no repair"


def test_a_choice_is_made_for_the_reader(tmp_path: Path) -> None:
    assert options(two_functions(), tmp_path, "--signature k") == [
        "--signature k --function encode", "--signature k --function decode",
    ]  # fmt: skip


def test_a_choice_after_a_choice(tmp_path: Path) -> None:
    """First the function, then one of its traces: the function is named once."""
    traces = (((("x", "float32", (1, 3)),)), ((("x", "float32", (None, 5)),)))
    model = of_functions({"encode": Traced(traces), "decode": Traced()})
    assert options(model, tmp_path, "") == [
        "--function encode --input x=float32[?,5]",
        "--function encode --input x=float32[1,3]",
        "--function decode",
    ]


def test_a_candidate_names_the_function_in_the_place_of_its_object(tmp_path: Path) -> None:
    traces = (((("x", "float32", (1, 3)),)), ((("x", "float32", (None, 5)),)))
    assert options(
        of_functions({"part.__call__": Traced(traces)}), tmp_path, "--function part"
    ) == [
        "--function part.__call__ --input x=float32[?,5]",
        "--function part.__call__ --input x=float32[1,3]",
    ]


def test_a_blank_is_left_to_the_reader(tmp_path: Path) -> None:
    for text in ("--input x=SHAPE", "--bind x=VALUE", "--output y=TENSOR"):
        assert options(two_functions(), tmp_path, text) == [text]


@pytest.mark.parametrize(("operator", "added"), [("RandomUniform", True), ("Relu", False)])
def test_random_numbers_are_not_compared(operator: str, added: bool, tmp_path: Path) -> None:
    model = Model(empty=True)
    model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
    model.node("noise", operator, ["x"], dtype=FLOAT, T=FLOAT)
    model.node("y", "Add", ["x", "noise"], T=FLOAT)
    assert options(model, tmp_path, "--output y=y:0") == [
        "--output y=y:0" + (" --no-verify" if added else "")
    ]
    model.signature("predict")
    assert options(model, tmp_path, "--from predict") == ["--from predict"], "nothing is run"


def test_what_reaches_out_is_not_compared(tmp_path: Path) -> None:
    model = of_functions({"__call__": Traced(), "part.other": Traced()})
    sign(model, "one", {"x": X}, {"y": X})
    library = {item.signature.name: item for item in model.meta.graph_def.library.function}
    library["signature_one"].node_def.add(name="leak", op="WriteFile")
    assert options(model, tmp_path, "--from one --rename y=z") == [
        "--from one --rename y=z --no-verify"
    ]
    assert options(model, tmp_path, "--function __call__") == ["--function __call__"]
