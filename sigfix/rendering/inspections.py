"""Inspections in every format that `sigfix inspect --format` knows: a row each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
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


Renderer = Callable[["Iterable[Inspection]", Shown], Iterator[str]]
"""Writes them piece by piece, and keeps none of them."""


def _text(inspections: Iterable[Inspection], shown: Shown) -> Iterator[str]:
    from sigfix.rendering.inspection_text import render_text
    from sigfix.rendering.summary import Summary, render_findings

    style = shown.style
    inspections = iter(inspections)
    first = list(islice(inspections, 2))
    if len(first) == 1:
        yield render_text(first[0], style, everything=shown.everything)
        return
    summary = Summary()
    for item in chain(first, inspections):
        summary.add(item)
        if shown.everything:
            yield render_text(item, style, everything=True) + "\n"
        else:
            yield render_findings(item, style)
    yield summary.text(style)


def _json(inspections: Iterable[Inspection], shown: Shown) -> Iterator[str]:
    from sigfix.rendering.inspection_json import render_json

    return render_json(inspections)


def _sarif(inspections: Iterable[Inspection], shown: Shown) -> Iterator[str]:
    from sigfix.rendering.inspection_sarif import render_sarif

    return render_sarif(inspections, shown.findings_page)


def _github(inspections: Iterable[Inspection], shown: Shown) -> Iterator[str]:
    from sigfix.rendering.inspection_github import render_github

    return render_github(inspections)


def _junit(inspections: Iterable[Inspection], shown: Shown) -> Iterator[str]:
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
