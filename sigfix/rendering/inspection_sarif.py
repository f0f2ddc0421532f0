"""Findings as SARIF 2.1.0, which code-scanning services read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sigfix.diagnosis.catalogue import RULES
from sigfix.diagnosis.rule import Finding
from sigfix.rendering.json_text import json_text
from sigfix.report import Inspection
from sigfix.version import __version__

_UNREADABLE = "CON215"


def _uri(path: Path) -> str:
    text = quote(os.fsencode(path.as_posix()))
    return f"file://{text}" if path.is_absolute() else text


def _rules() -> list[dict[str, Any]]:
    return [
        {
            "id": rule.code,
            "name": rule.name,
            "shortDescription": {"text": rule.what},
            "fullDescription": {"text": f"{rule.why} {rule.causes}"},
            "help": {"text": rule.fix},
            "defaultConfiguration": {"level": rule.severity.value},
            "properties": {"fixable": rule.fixable.value},
        }
        for rule in RULES.values()
    ]


def _location(path: Path, place: str) -> dict[str, Any]:
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": _uri(path)}}}
    if place:
        location["logicalLocations"] = [{"fullyQualifiedName": place}]
    return location


def _result(code: str, level: str, text: str, location: dict[str, Any]) -> dict[str, Any]:
    return {
        "ruleId": code,
        "ruleIndex": list(RULES).index(code),
        "level": level,
        "message": {"text": text},
        "locations": [location],
    }


def _finding_result(path: Path, item: Finding) -> dict[str, Any]:
    way = f"Fix: {item.command}" if item.command else f"Try: {RULES[item.code].advice}"
    text = f"{item.message}\n{way}"
    result = _result(item.code, item.severity.value, text, _location(path, item.location))
    return result if item.count == 1 else {**result, "occurrenceCount": item.count}


def render_sarif(inspections: Sequence[Inspection]) -> str:
    """One SARIF log with one run for all inspected paths."""
    results = []
    for inspection in inspections:
        failure = inspection.failure
        if failure is not None and not failure.ignored:
            code = failure.code if failure.code in RULES else _UNREADABLE
            location = _location(inspection.path, "")
            results.append(_result(code, "error", failure.message, location))
        results += [_finding_result(inspection.path, item) for item in inspection.findings]
    log = {
        "version": "2.1.0",
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "runs": [
            {
                "tool": {"driver": {"name": "sigfix", "version": __version__, "rules": _rules()}},
                "results": results,
                "columnKind": "unicodeCodePoints",
            }
        ],
    }
    return json_text(log)
