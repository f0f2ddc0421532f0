"""Findings as GitHub workflow commands, which annotate a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sigfix.diagnosis.catalogue import RULES
from sigfix.quoting import printable_lines
from sigfix.report import Inspection

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def _data(text: str) -> str:
    return printable_lines(text).replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _line(severity: str, path: str, title: str, text: str) -> str:
    command = _COMMANDS[severity]
    return f"::{command} file={_property(path)},title={_property(title)}::{_data(text)}\n"


def render_github(inspections: Iterable[Inspection]) -> Iterator[str]:
    """One `::error file=...::message` line a finding."""
    for inspection in inspections:
        path = str(inspection.path)
        failure = inspection.failure
        if failure is not None and not failure.ignored:
            title = f"{failure.code} unreadable".strip()
            yield _line("error", path, title, failure.message)
        for item in inspection.findings:
            place = f"{item.location}: " if item.location else ""
            rule = RULES[item.code]
            way = f"fix: {item.command}" if item.command else f"try: {rule.advice}"
            text = f"{place}{item.message}\n{way}"
            yield _line(item.severity.value, path, f"{item.code} {rule.name}", text)
