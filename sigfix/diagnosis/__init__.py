"""What is wrong with a model: every finding has a code of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sigfix.describing.meta_graphs import meant_meta_graph
from sigfix.describing.targets import Target, find_target
from sigfix.diagnosis.catalogue import FAMILIES, RULES, find_rule
from sigfix.diagnosis.checks import behaviour, container, signatures, specs
from sigfix.diagnosis.checks.other import check_names, check_other
from sigfix.diagnosis.checks.target import check_target
from sigfix.diagnosis.checks.weights import check_weights
from sigfix.diagnosis.rule import Finding, Fixable, Rule, Severity
from sigfix.diagnosis.subject import Subject, finding
from sigfix.errors import UsageError
from sigfix.model import OtherModel, SavedModel

__all__ = [
    "RULES",
    "Finding",
    "Fixable",
    "Rule",
    "Selection",
    "Severity",
    "check_selection",
    "diagnose",
    "diagnose_other",
    "is_named",
    "refuse_both",
    "select",
]

_PER_META_GRAPH = (*signatures.CHECKS, *specs.CHECKS, *behaviour.CHECKS)


def diagnose(model: SavedModel, targets: Iterable[Target] = ()) -> list[Finding]:
    """Every finding about a SavedModel (and targets), the worst first, then by code."""
    targets = list(targets)
    found = [item for check in container.CHECKS for item in check(model)]
    found += check_weights(model)
    several = len(model.meta_graphs) > 1
    meant = meant_meta_graph(model)
    for number, meta in enumerate(model.meta_graphs):
        prefix = f"MetaGraph {number} [{', '.join(meta.tags)}]" if several else ""
        subject = Subject(model, meta, prefix)
        own = [item for check in _PER_META_GRAPH for item in check(subject)]
        own += unique(item for target in targets for item in check_target(subject, target))
        found += own if meant in (None, number) else _beside(own)
    return sort_findings(found)


_OFFERED = ("SIG001", "SIG002", "SIG003", "SIG004", "SIG005", "SIG006")
"""What is said of a model, whose users look for one signature, and not of each MetaGraph."""


def _beside(findings: Iterable[Finding]) -> list[Finding]:
    """Findings about a MetaGraph that nobody means who does not name it: notes, if anything."""
    left = (item for item in findings if item.code not in _OFFERED)
    return [replace(item, severity=Severity.NOTE) for item in left]


def unique(found: Iterable[Finding]) -> list[Finding]:
    """Each finding once: what two targets lack alike is said of the first."""
    return list(dict.fromkeys(found))


def diagnose_other(model: OtherModel, targets: Iterable[Target] = ()) -> list[Finding]:
    """Every finding about a model that is no SavedModel; TF.js models are checked for TF.js."""
    found = [finding(item.code, item.message, item.location) for item in model.problems]
    found += check_weights(model)
    wanted = [*targets] or ([find_target("tfjs")] if model.kind == "tfjs" else [])
    found += check_names(model)
    found += unique(item for target in wanted for item in check_other(model, target))
    return sort_findings(found)


def sort_findings(found: Iterable[Finding]) -> list[Finding]:
    """The worst first, then by code and location."""
    return sorted(found, key=lambda item: (-item.severity.weight, item.code, item.location))


def check_selection(codes: Iterable[str]) -> tuple[str, ...]:
    """Codes, names and families as codes and families.

    One text names one or several, with commas between them.
    Raises `UsageError` for one that does not exist: a misspelt `--ignore` must not pass silently.
    """
    checked = []
    codes = (codes,) if isinstance(codes, str) else codes
    for code in codes:
        for part in filter(None, (piece.strip() for piece in code.split(","))):
            rule = find_rule(part)
            if rule is None and part.upper() not in FAMILIES:
                raise UsageError(
                    f"There is no finding or family {part}.",
                    "families: " + ", ".join(FAMILIES) + "; sigfix explain lists the codes",
                )
            checked.append(part.upper() if rule is None else rule.code)
    return tuple(checked)


def refuse_both(selected: tuple[str, ...], ignored: tuple[str, ...]) -> None:
    """Raise `UsageError` where a code is selected and ignored."""
    clash = [code for code in selected if is_named(code, ignored)]
    if clash:
        raise UsageError(f"{clash[0]} is both selected and ignored: nothing of it is left.")


def is_named(code: str, codes: tuple[str, ...]) -> bool:
    """Whether `codes`, or a family among them, name the finding with this code."""
    return code in codes or (code in RULES and RULES[code].family in codes)


@dataclass(frozen=True)
class Selection:
    """The findings that the user wants, and how many were left out in either way."""

    findings: tuple[Finding, ...]
    ignored: int
    unselected: int


def select(
    findings: Iterable[Finding], selected: tuple[str, ...] = (), ignored: tuple[str, ...] = ()
) -> Selection:
    """The findings that `selected` (all where empty) names and `ignored` does not."""
    every = list(findings)
    wanted = [item for item in every if not selected or is_named(item.code, selected)]
    kept = tuple(item for item in wanted if not is_named(item.code, ignored))
    return Selection(kept, len(wanted) - len(kept), len(every) - len(wanted))
