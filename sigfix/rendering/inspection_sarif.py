"""Findings as SARIF 2.1.0, which code-scanning services read.

A service shows a finding beside a file of the repository: the place is the SavedModel's message,
not its folder, and relative to the current directory where it is below it. The same finding has
the same fingerprint in every run and on every machine, so that one that was dismissed stays so.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from textwrap import indent
from typing import Any
from urllib.parse import quote

from sigfix.diagnosis.catalogue import RULES
from sigfix.diagnosis.rule import Finding, Severity
from sigfix.paths import RemotePath
from sigfix.rendering.json_text import json_text
from sigfix.report import Inspection
from sigfix.version import __version__

_UNREADABLE = "CON215"
_FINGERPRINTS = ("primaryLocationLineHash", "sigfixFinding/v1")
"""GitHub's code scanning looks at the first alone: without it, it takes a hash of the model's first
line, which all findings beside one file have in common."""
_NO_RESULTS = '"results": []'
_SEVERITIES = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.NOTE: "recommendation",
}
"""What GitHub's code scanning calls them."""


def _uri(path: Path) -> str:
    if isinstance(path, RemotePath):
        return quote(os.fsencode(str(path)), safe="/:")
    with suppress(OSError, ValueError):  # there is no current directory, or it is not in there
        path = path.relative_to(Path.cwd()) if path.is_absolute() else path
    text = quote(os.fsencode(path.as_posix()))
    return f"file://{text}" if path.is_absolute() else text


def _file(item: Inspection) -> Path:
    """What a finding is shown beside: a file, where the path is a folder that holds one."""
    model = item.model
    if model is None or not model.path.is_relative_to(item.path) or not model.path.is_dir():
        return item.path
    return model.path / f"saved_model.{model.encoding}"


def _rules(findings_page: str) -> list[dict[str, Any]]:
    return [
        {
            "id": rule.code,
            "name": rule.name,
            "shortDescription": {"text": rule.what},
            "fullDescription": {"text": f"{rule.why} {rule.causes}"},
            "help": {"text": rule.fix, "markdown": rule.fix},
            **({"helpUri": f"{findings_page}#{rule.anchor}"} if findings_page else {}),
            "defaultConfiguration": {"level": rule.severity.value},
            "properties": {
                "fixable": rule.fixable.value,
                "tags": [rule.family],
                "problem.severity": _SEVERITIES[rule.severity],
            },
        }
        for rule in RULES.values()
    ]


def _location(path: Path, place: str) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": {"uri": _uri(path)}, "region": {"startLine": 1}}
    }
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


def _fingerprint(result: dict[str, Any], seen: Counter[bytes]) -> str:
    """Code, file and place, and which one it is of those that have these in common."""
    (location,) = result["locations"]
    uri = location["physicalLocation"]["artifactLocation"]["uri"]
    places = [each["fullyQualifiedName"] for each in location.get("logicalLocations", ())]
    what = "\n".join([result["ruleId"], uri, *places])
    same = hashlib.sha256(what.encode()).digest()[:16]
    seen[same] += 1
    return hashlib.sha256(f"{what}\n{seen[same]}".encode()).hexdigest()[:32]


def _results(item: Inspection) -> Iterator[dict[str, Any]]:
    failure = item.failure
    if failure is not None and not failure.ignored:
        code = failure.code if failure.code in RULES else _UNREADABLE
        yield _result(code, "error", failure.message, _location(_file(item), ""))
    for found in item.findings:
        yield _finding_result(_file(item), found)


def render_sarif(inspections: Iterable[Inspection], findings_page: str = "") -> Iterator[str]:
    """One SARIF log with one run for all inspected paths, piece by piece.

    `findings_page` is the address of docs/findings.md, or of the page made of it. Without one the
    rules have their text alone: SARIF takes no address that is relative.
    """
    log = {
        "version": "2.1.0",
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "sigfix",
                        "version": __version__,
                        "rules": _rules(findings_page),
                    }
                },
                "results": [],
                "columnKind": "unicodeCodePoints",
            }
        ],
    }
    head, empty, rest = json_text(log).partition(_NO_RESULTS)
    yield head
    seen: Counter[bytes] = Counter()
    for result in (result for item in inspections for result in _results(item)):
        yield ",\n" if seen else '"results": [\n'
        result["partialFingerprints"] = dict.fromkeys(_FINGERPRINTS, _fingerprint(result, seen))
        yield indent(json_text(result).rstrip("\n"), " " * 8)
    yield ("\n      ]" if seen else empty) + rest
