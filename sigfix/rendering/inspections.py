"""Inspections in every format that `sigfix inspect --format` knows: a row each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sigfix.rendering.style import Style
from sigfix.report import Inspection

Renderer = Callable[[Sequence[Inspection], Style, bool], str]
"""Inspections, the terminal, and whether everything is shown -> what is printed."""


def _text(inspections: Sequence[Inspection], style: Style, everything: bool) -> str:
    from sigfix.rendering.inspection_text import render_text
    from sigfix.rendering.summary import render_findings, render_summary

    if len(inspections) == 1:
        return render_text(inspections[0], style, everything=everything)
    if everything:
        texts = [render_text(item, style, everything=True) + "\n" for item in inspections]
    else:
        texts = [render_findings(item, style) for item in inspections]
    return "".join(texts) + render_summary(inspections, style)


def _json(inspections: Sequence[Inspection], style: Style, everything: bool) -> str:
    from sigfix.rendering.inspection_json import render_json

    return render_json(inspections)


def _sarif(inspections: Sequence[Inspection], style: Style, everything: bool) -> str:
    from sigfix.rendering.inspection_sarif import render_sarif

    return render_sarif(inspections)


def _github(inspections: Sequence[Inspection], style: Style, everything: bool) -> str:
    from sigfix.rendering.inspection_github import render_github

    return render_github(inspections)


TEXT = "text"
FORMATS: Mapping[str, Renderer] = {
    TEXT: _text,
    "json": _json,
    "sarif": _sarif,
    "github": _github,
}
