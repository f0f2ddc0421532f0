"""Findings as a JUnit report, which GitLab, Jenkins and others show beside a build.

A model is a test suite. Each of its findings is a test; one that fails the run is a failure, and
one that does not is skipped. A model without findings is one test that passed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

from sigfix.diagnosis.catalogue import RULES
from sigfix.diagnosis.rule import Finding, Severity
from sigfix.quoting import printable, printable_lines
from sigfix.report import Failure, Inspection
from sigfix.temporary import set_aside

_END = "</testsuites>"


_COUNTED = {"tests": "testcase", "failures": "failure", "skipped": "skipped"}
"""Attribute of a suite, and of all of them -> the elements that it counts."""


def render_junit(inspections: Iterable[Inspection], failing: Severity | None) -> Iterator[str]:
    """One document for all inspected paths; `failing` is the mildest severity that fails.

    What all suites come to stands in front of them: they are set aside until it is known.
    """
    total: Counter[str] = Counter()
    with set_aside(_suites(inspections, failing, total)) as suites:
        head = ElementTree.Element("testsuites", name="sigfix inspect")
        _count(head, total)
        head.text = "\n"
        yield ElementTree.tostring(head, "unicode").removesuffix(_END)
        yield from suites
        yield f"{_END}\n"


def _suites(
    inspections: Iterable[Inspection], failing: Severity | None, total: Counter[str]
) -> Iterator[str]:
    for item in inspections:
        suite = ElementTree.Element("testsuite", name=printable(str(item.path)))
        if item.failure is not None:
            _add_failure(suite, item.failure)
        for found in item.findings:
            _add_finding(suite, found, failing)
        if not len(suite):
            _case(suite, "no findings")
        own = Counter({name: len(suite.findall(f".//{tag}")) for name, tag in _COUNTED.items()})
        _count(suite, own)
        total.update(own)
        ElementTree.indent(suite, level=1)
        yield f"  {ElementTree.tostring(suite, 'unicode')}\n"


def _count(element: ElementTree.Element, numbers: Counter[str]) -> None:
    for name in _COUNTED:
        element.set(name, str(numbers[name]))
    element.set("errors", "0")


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
