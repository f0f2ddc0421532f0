"""Several inspections as one table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from sigfix.diagnosis.rule import Severity
from sigfix.quoting import printable
from sigfix.rendering.inspection_text import failure_lines, hidden_text, report_lines
from sigfix.rendering.style import SEVERITY_COLOURS, Style
from sigfix.report import Inspection, Totals
from sigfix.wording import plural

_COLUMNS = ("errors", "warnings", "notes")


def _signatures(item: Inspection) -> str:
    if item.failure is not None:
        return "ignored" if item.failure.ignored else "unreadable"
    if item.other is not None:
        return item.other.kind
    metas = item.model.meta_graphs if item.model else ()
    keys = [signature.key for meta in metas for signature in meta.user_signatures]
    if not keys:
        return "no signature"
    return printable(keys[0]) if len(keys) == 1 else f"{len(keys)} signatures"


def _row(style: Style, name: str, what: str, counts: Sequence[str], width: int) -> str:
    cells = "".join(f"{count:>10}" for count in counts)
    return f"{name:<{width}}  {what:<16.16}{cells}".rstrip()


@dataclass(frozen=True)
class _Line:
    """What the table says of a path."""

    name: str
    what: str
    counts: tuple[int, ...]
    unreadable: bool

    @property
    def colour(self) -> str:
        worst = next((s for s, count in zip(Severity, self.counts, strict=True) if count), None)
        if self.unreadable:
            return "red"
        return SEVERITY_COLOURS[worst.value] if worst else "green"


class Summary:
    """A table with a row a path, as it was given; a long path has a line of its own above it."""

    def __init__(self) -> None:
        self._lines: list[_Line] = []
        self._totals = Totals()

    def add(self, item: Inspection) -> None:
        """Put a path into it, of which no more is kept than its row."""
        self._totals.add(item)
        counts = tuple(map(item.count, Severity))
        failed = item.failure is not None and not item.failure.ignored
        name = printable(str(item.path))
        self._lines.append(_Line(name, sys.intern(_signatures(item)), counts, failed))

    def text(self, style: Style) -> str:
        """The table, and the sums below it."""
        longest = max([len("model"), *(len(line.name) for line in self._lines)])
        width = min(longest, max(style.width - 50, 20))
        lines = [style.paint(_row(style, "model", "signatures", _COLUMNS, width), "bold")]
        for line in self._lines:
            name = line.name
            counts = [str(count or "-") for count in line.counts]
            row = _row(style, name if len(name) <= width else "", line.what, counts, width)
            painted = style.paint(name, line.colour)
            lines += [row.replace(name, painted, 1)] if len(name) <= width else [painted, row]
        sums = [plural(count, severity.value) for severity, count in self._totals.counts.items()]
        summary = f"{plural(self._totals.models, 'model')}: {', '.join(sums)}"
        if self._totals.unreadable:
            summary += f"; {self._totals.unreadable} unreadable"
        summary += hidden_text(self._totals)
        return "\n".join([*lines, "", summary]) + "\n"


def render_findings(item: Inspection, style: Style) -> str:
    """The path and its findings, or why it could not be read; '' where all is well or ignored."""
    if not item.findings and (item.failure is None or item.failure.ignored):
        return ""
    lines = [style.paint(printable(str(item.path)), "bold")]
    lines += failure_lines(item, style) if item.failure else report_lines(item, style)
    return "\n".join(lines) + "\n\n"
