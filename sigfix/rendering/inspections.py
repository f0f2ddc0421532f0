"""Inspections in every format that `sigfix inspect --format` knows: a row each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sigfix.rendering.style import Style

if TYPE_CHECKING:
    from sigfix.diagnosis.rule import Severity
    from sigfix.report import Inspection


@dataclass(frozen=True)
class Shown:
    """For whom it is written: the terminal, whether everything is shown, and what fails.

    `failing` is the mildest finding that does; None where none does. `findings_page` is where
    those who read it on the web find docs/findings.md, '' where nobody said.
    """

    style: Style
    everything: bool = False
    failing: Severity | None = None
    findings_page: str = ""


Renderer = Callable[["Sequence[Inspection]", Shown], str]


def _text(inspections: Sequence[Inspection], shown: Shown) -> str:
    from sigfix.rendering.inspection_text import render_text
    from sigfix.rendering.summary import render_findings, render_summary

    style = shown.style
    if len(inspections) == 1:
        return render_text(inspections[0], style, everything=shown.everything)
    if shown.everything:
        texts = [render_text(item, style, everything=True) + "\n" for item in inspections]
    else:
        texts = [render_findings(item, style) for item in inspections]
    return "".join(texts) + render_summary(inspections, style)


def _json(inspections: Sequence[Inspection], shown: Shown) -> str:
    from sigfix.rendering.inspection_json import render_json

    return render_json(inspections)


def _sarif(inspections: Sequence[Inspection], shown: Shown) -> str:
    from sigfix.rendering.inspection_sarif import render_sarif

    return render_sarif(inspections, shown.findings_page)


def _github(inspections: Sequence[Inspection], shown: Shown) -> str:
    from sigfix.rendering.inspection_github import render_github

    return render_github(inspections)


def _junit(inspections: Sequence[Inspection], shown: Shown) -> str:
    from sigfix.rendering.inspection_junit import render_junit

    return render_junit(inspections, shown.failing)


TEXT = "text"
FORMATS: Mapping[str, Renderer] = {
    TEXT: _text,
    "json": _json,
    "sarif": _sarif,
    "github": _github,
    "junit": _junit,
}
