"""Many findings of one code are one with their number; few are shown one by one."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.diagnosis import Severity, select
from sigfix.diagnosis.folding import MOST_ALIKE, fold
from sigfix.diagnosis.rule import Finding
from sigfix.pipeline.inspect import inspect
from sigfix.rendering.inspection_sarif import render_sarif
from sigfix.rendering.inspection_text import render_text
from sigfix.rendering.style import Style
from tests.models import Model


def _findings(code: str, number: int) -> list[Finding]:
    return [
        Finding(code, Severity.NOTE, "It is so.", f"signature s{n}", command="sigfix repair m")
        for n in range(number)
    ]


def test_few_are_shown_one_by_one() -> None:
    few = [*_findings("SIG004", MOST_ALIKE), *_findings("SPC101", 3)]
    assert list(fold(few)) == few


def test_many_are_one_with_their_number() -> None:
    others = _findings("SPC101", 3)
    first, *rest = fold([*_findings("SIG004", 2000), *others])
    assert rest == others
    assert (first.count, first.location) == (2000, "signature s0")
    assert "2,000 of this kind" in first.message
    assert first.evidence[0] == "the command is for the first of them alone"
    assert first.evidence[1] == "so is: signature s1"
    assert first.evidence[-1] == "and 1,989 more"


def test_folding_comes_after_selecting() -> None:
    """What `--ignore` takes away is not counted."""
    many = [*_findings("SIG004", MOST_ALIKE + 1), *_findings("SPC101", 2)]
    assert [item.count for item in fold(select(many, ignored=("SIG",)).findings)] == [1, 1]


@pytest.mark.parametrize("count", [200, 10_000])
def test_a_report_on_many_signatures_is_short(count: int, tmp_path: Path) -> None:
    model = Model()
    for number in range(count):
        model.signature(f"s{number}", method="")
    found = inspect(model.write(tmp_path / "m"))
    assert {item.count for item in found.findings} & {count}
    assert len(found.findings) < 10
    assert render_text(found, Style(80)).count("\n") < 100
    assert '"occurrenceCount": ' in "".join(render_sarif([found]))
