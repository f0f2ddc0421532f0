"""Many findings of one code as one with a count: nobody reads a thousand of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from sigfix.diagnosis.rule import Finding

MOST_ALIKE = 20
"""Findings of one code that are shown one by one."""
_PLACES = 10


def fold(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings in their order; of a code with too many the first, with their number.

    Its evidence names where the next ones are, its command mends the first alone.
    """
    findings = list(findings)
    numbers = Counter(item.code for item in findings)
    done: set[str] = set()
    for item in findings:
        number = numbers[item.code]
        if number <= MOST_ALIKE:
            yield item
        elif item.code not in done:
            done.add(item.code)
            yield _folded([other for other in findings if other.code == item.code])


def _folded(alike: list[Finding]) -> Finding:
    first, *others = alike
    places = [item.location or item.message for item in others[:_PLACES]]
    left = len(others) - len(places)
    also = [f"so is: {place}" for place in places] + ([f"and {left:,} more"] if left else [])
    one = ("the command is for the first of them alone",) if first.command else ()
    return replace(
        first,
        message=f"{first.message} This is the first of {len(alike):,} of this kind.",
        evidence=(*first.evidence, *one, *also),
        count=len(alike),
    )
