"""Error messages as people post them, and how each is explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sigfix.diagnosis import RULES
from sigfix.diagnosis.messages import MESSAGES, recognise
from sigfix.rendering.rules_text import render_message
from sigfix.rendering.style import Style

FOLDER = Path(__file__).with_name("messages")


def lines(name: str) -> list[str]:
    text = (FOLDER / name).read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def rows(name: str) -> list[tuple[str, str]]:
    pairs = [line.split("\t", 1) for line in lines(name)]
    return [
        (wanted, message.replace("\\n", "\n").replace("\\t", "\t")) for wanted, message in pairs
    ]


POSTED, COLLECTED = rows("posted.txt"), rows("collected.txt")
ALL = [*POSTED, *COLLECTED]


def test_there_are_enough_of_them() -> None:
    assert len(POSTED) == 77
    assert len({message for _, message in COLLECTED} - {message for _, message in POSTED}) >= 60
    assert len(lines("unrelated.txt")) >= 30


def right(wanted: str, message: str) -> bool:
    """Whether the message is known, and what was decided for it comes first."""
    found = recognise(message)
    if found is None:
        return False
    if wanted.startswith("~"):
        return not found.codes and wanted[1:] in f"{found.meaning} {found.advice}"
    return found.codes[:1] == (wanted,)


@pytest.mark.parametrize(("wanted", "message"), ALL)
def test_message_is_explained(wanted: str, message: str) -> None:
    assert right(wanted, message), recognise(message)


@pytest.mark.parametrize("text", ["", *lines("unrelated.txt")])
def test_other_text_is_not(text: str) -> None:
    assert recognise(text) is None


@pytest.mark.parametrize(("wanted", "message"), ALL)
def test_the_best_fit_is_the_one_explained_in_full(wanted: str, message: str) -> None:
    found = recognise(message)
    assert found is not None
    told = render_message(found, Style())
    flat = " ".join(told.split())
    assert found.meaning in flat
    titles = [line for line in told.splitlines() if re.match(r"[A-Z]{3}\d{3} ", line)]
    if wanted.startswith("~"):
        assert titles == []
        assert "no finding of sigfix" in flat
    else:
        assert [line[:6] for line in titles] == [wanted]
        assert RULES[wanted].fix in flat


@pytest.mark.parametrize(
    "written",
    [
        'Error: Signature \\"serving_default\\" does not exist in the saved model',
        "Signature \u201cserving_default\u201d does not exist in the saved model",
        "Signature &#39;serving_default&#39; does not exist in the saved model",
        "\x1b[31mSignature 'serving_default' does\n  not exist\x1b[0m in the saved model",
        "Traceback (most recent call last):\n  File 'x.py', line 3\nValueError: Signature "
        "'serving_default' does not exist in the saved model\n",
    ],
)
def test_however_it_was_pasted(written: str) -> None:
    assert right("SIG002", written)


def test_every_row_names_codes_of_the_catalogue_or_what_to_do() -> None:
    for row in MESSAGES:
        assert all(code in RULES for code in row.codes), row
        assert row.codes or row.advice, row
        assert row.of_tensorflow is None or re.compile(row.pattern).groups, row


def test_every_row_explains_a_message_of_the_list() -> None:
    """A row that nothing tests is one that nobody knows to work."""
    used = {id(recognise(message)) for _, message in [*ALL, *OTHERS]}
    assert [row.pattern for row in MESSAGES if id(row) not in used] == []


OTHERS = [
    ("SPC109", "Exception: Converter only supports dict structured_outputs."),
    ("SIG004", "ValueError: Cannot load multiple signature defs in TF2.x: ['a', 'b']"),
    ("SIG001", "UnboundLocalError: local variable 'concrete_func' referenced before assignment"),
    ("SIG005", "doesn't contain usable concrete functions under  __call__. Try --signature-def"),
    ("TGT401", "OpenVINO conversion: No conversion rule found for operations: RaggedGather"),
    ("CON202", "mo.utils.error.FrameworkError: Cannot load input model: it failed"),
    ("CON213", "KeyError: 'FusedBatchNormV3'"),
    ("BEH304", "InvalidArgumentError: No OpKernel was registered to support Op 'NcclAllReduce'"),
    ("~input_signature", "NotEncodableError: No encoder for object [Config(a=1)] of type [Config]"),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "message"), OTHERS)
def test_rare_message_is_explained(wanted: str, message: str) -> None:
    assert right(wanted, message), recognise(message)
