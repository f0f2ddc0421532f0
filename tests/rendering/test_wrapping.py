"""Lines are as wide as the terminal, and a command in them stays whole."""

from __future__ import annotations

import re

import pytest

from sigfix.diagnosis import Finding, Severity
from sigfix.planning.edits import Candidate, Plan
from sigfix.quoting import join, split
from sigfix.rendering.inspection_text import finding_lines
from sigfix.rendering.repair_text import plan_text
from sigfix.rendering.style import Style, note_lines, wrapped

LONG = "models of last year/the one with a very long name that no line of a terminal has room for"
COMMANDS = [
    "sigfix inspect MODEL",
    "sigfix repair MODEL --from KEY",
    "sigfix convert MODEL --tfjs --quantize auto --max-loss 0.01",
    join(["sigfix", "repair", LONG, "--from", "predict"]),
    join(["sigfix", "repair", "./-dash", "--input", "x=float32[2,8]", "--set-tags", "serve"]),
    join(["sigfix", "repair", "it's", "--rename", "keras tensor=image", "-o", "out of it"]),
    join(["sigfix", "repair", "a\nb", "--function", "decoder.__call__"]),
    "--function __call__ --bind training=false --input 'x=float32[2,8]' --input 'y=int32[2,8,16]'",
    "`tf.saved_model.save(tf.saved_model.load('MODEL'), 'whole') and whatever else there is to it`",
]
BEFORE = ("", "find out: ", "a word " * 12)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_command_stays_whole(command: str, before: str, width: int) -> None:
    text = f"{before}{command}; and some more words after it"
    lines = wrapped(text, width, "  ", "      ")
    assert sum(command in line for line in lines) == 1
    for line in lines:
        assert len(line) <= width or command in line
    assert " ".join(" ".join(lines).split()) == " ".join(
        f"{before}{command}; and some more words after it".split()
    )


def test_other_words_are_broken() -> None:
    text = (
        "a sentence that has no command in it, but --, - and a dash - here and it's long "
        + "x" * 90
    )
    lines = wrapped(text, 40)
    assert max(map(len, lines)) <= 40
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("width", [60, 80])
def test_what_a_plan_says_to_choose(width: int) -> None:
    choose = COMMANDS[-2]
    candidate = Candidate("__call__", choose, ("traced " + "x " * 60,))
    undecided = Plan(
        "m", "ambiguous", reason="2 traces are left.", candidates=(candidate, candidate)
    )
    shown = plan_text(undecided, width).splitlines()
    assert sum(choose in line for line in shown) == 2
    assert all(len(line) <= width or choose in line for line in shown)
    noted = Plan("m", "repairable", notes=(f"{'a word ' * 9}{COMMANDS[1]} is what makes it",))
    assert any(COMMANDS[1] in line for line in plan_text(noted, width).splitlines())


def test_notes_and_evidence() -> None:
    command = COMMANDS[3]
    assert any(command in line for line in note_lines([f"{'a word ' * 9}{command} mends it"]))
    found = Finding(
        "SIG003", Severity.ERROR, "several", evidence=(f"or: {command} --set-tags serve",)
    )
    (line,) = [line for line in finding_lines([found], Style(80)) if "or: " in line]
    words = split(re.sub(r"^.*or: ", "", line))
    assert words == ["sigfix", "repair", LONG, "--from", "predict", "--set-tags", "serve"]
