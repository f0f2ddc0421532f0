"""Commands inside texts: each is one that sigfix takes, and is printed on one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from sigfix.cli.app import app
from sigfix.cli.main import COMMANDS, main, register
from sigfix.diagnosis.catalogue import RULES
from sigfix.diagnosis.messages import MESSAGES
from sigfix.diagnosis.rule import Finding
from sigfix.pipeline.inspect import inspect
from sigfix.quoting import split
from sigfix.rendering.inspection_text import report_lines
from sigfix.rendering.rules_text import render_message, render_rule
from sigfix.rendering.style import Style
from sigfix.report import Inspection
from tests.diagnosis.broken_models import broken_saved_models
from tests.models import Model

RULE_TEXTS = [
    (code, text)
    for code, rule in RULES.items()
    for text in (rule.what, rule.why, rule.causes, rule.fix, rule.advice)
]
TEXTS = RULE_TEXTS + [(row.pattern, text) for row in MESSAGES for text in (row.meaning, row.advice)]
IN_TEXTS = sorted({said for _, text in TEXTS for said in re.findall(r"`(sigfix [^`]*)`", text)})
NAMED = re.compile(r"sigfix (?:" + "|".join(COMMANDS) + r")\b")


def one(*findings: Finding) -> Inspection:
    return Inspection(Path("m"), None, findings=findings)


def parsed(command: str) -> None:
    """Let the command line's own parser read a command, as far as options and values go."""
    program, name, *arguments = split(command)
    assert program == "sigfix"
    register([])
    group = typer.main.get_command(app)
    made = group.commands[name]  # type: ignore[attr-defined]
    if arguments:  # `sigfix inspect` alone names the command
        made.make_context(name, list(arguments))


@pytest.mark.parametrize("command", IN_TEXTS)
def test_command_in_a_text_exists(command: str) -> None:
    parsed(command)


@pytest.mark.parametrize(
    "command",
    ["sigfix mend MODEL", "sigfix repair MODEL --frm KEY", "sigfix repair MODEL --input x=float33"],
)
def test_another_does_not(command: str) -> None:
    with pytest.raises(Exception):  # noqa: B017  (each parser has its own)
        parsed(command)


@pytest.mark.parametrize(("where", "text"), TEXTS)
def test_commands_in_texts_are_marked(where: str, text: str) -> None:
    """Only what stands in backticks is kept on one line, and looked at above."""
    assert not NAMED.search(re.sub(r"`[^`]*`", "", text)), text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_command_is_wrapped(width: int) -> None:
    shown = [render_rule(rule, Style(width)) for rule in RULES.values()]
    shown += [render_message(row, Style(width)) for row in MESSAGES]
    lines = {line for text in shown for line in text.splitlines()}
    for command in IN_TEXTS:
        assert any(f"`{command}`" in line for line in lines), command


@pytest.mark.parametrize("code", RULES)
def test_every_finding_says_what_to_do(code: str) -> None:
    rule = RULES[code]
    assert 15 < len(rule.advice) < 100
    assert "sigfix" not in rule.advice
    told = report_lines(one(Finding(code, rule.severity, "it is so")), Style())
    assert any(line.strip().startswith("try: ") for line in told)
    assert rule.advice in " ".join(" ".join(told).split())
    assert told[-1] == f"see: sigfix explain {code}"


@pytest.mark.parametrize(
    ("target", "model"),
    [
        pytest.param(target, model, id=f"{code}-{number}")
        for number, (code, target, model) in enumerate(broken_saved_models())
    ],
)
def test_the_explanation_that_a_report_names(
    target: str, model: Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    findings = inspect(model.write(tmp_path / "m"), target=target).findings
    if not findings:  # a near miss of another target
        return
    *_, see = report_lines(one(*findings), Style())
    with pytest.raises(SystemExit) as ended:
        main(split(see.removeprefix("see: "))[1:])
    assert ended.value.code in (0, None)
    shown = capsys.readouterr().out
    assert re.findall(r"^([A-Z]{3}\d{3}) ", shown, re.MULTILINE) == sorted(
        {item.code for item in findings}
    )
