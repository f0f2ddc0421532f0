"""Findings as a JUnit report, which GitLab, Jenkins and others show beside a build.

A model is a test suite. Each of its findings is a test; one that fails the run is a failure, and
one that does not is skipped. A model without findings is one test that passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from sigfix.diagnosis.catalogue import RULES
from sigfix.diagnosis.rule import Finding, Severity
from sigfix.quoting import printable, printable_lines
from sigfix.report import Failure, Inspection


def render_junit(inspections: Sequence[Inspection], failing: Severity | None) -> str:
    """One document for all inspected paths; `failing` is the mildest severity that fails."""
    suites = ElementTree.Element("testsuites", name="sigfix inspect")
    for item in inspections:
        suite = ElementTree.SubElement(suites, "testsuite", name=printable(str(item.path)))
        if item.failure is not None:
            _add_failure(suite, item.failure)
        for found in item.findings:
            _add_finding(suite, found, failing)
        if not len(suite):
            _case(suite, "no findings")
    for element in (suites, *suites):
        for name, tag in (("tests", "testcase"), ("failures", "failure"), ("skipped", "skipped")):
            element.set(name, str(len(element.findall(f".//{tag}"))))
        element.set("errors", "0")
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, "unicode", xml_declaration=False) + "\n"


def _case(suite: ElementTree.Element, name: str) -> ElementTree.Element:
    attributes = {"classname": suite.get("name", ""), "name": printable(name)}
    return ElementTree.SubElement(suite, "testcase", attributes)


def _add_finding(suite: ElementTree.Element, item: Finding, failing: Severity | None) -> None:
    rule = RULES[item.code]
    case = _case(suite, f"{item.code} {rule.name} {item.location}".strip())
    fails = failing is not None and item.severity.weight >= failing.weight
    way = f"fix: {item.command}" if item.command else f"try: {rule.advice}"
    told = ElementTree.SubElement(
        case, "failure" if fails else "skipped", message=printable(item.message)
    )
    if fails:
        told.set("type", item.severity.value)
    told.text = printable_lines("\n".join([item.message, *item.evidence, way]))


def _add_failure(suite: ElementTree.Element, failure: Failure) -> None:
    case = _case(suite, f"{failure.code} unreadable".strip())
    tag = "skipped" if failure.ignored else "failure"
    told = ElementTree.SubElement(case, tag, message=printable(failure.message))
    if not failure.ignored:
        told.set("type", "error")
    told.text = printable_lines("\n".join(filter(None, [failure.message, failure.hint])))
