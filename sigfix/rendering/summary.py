"""Several inspections as one table."""

from __future__ import annotations

from collections.abc import Sequence

from sigfix.diagnosis.rule import Severity
from sigfix.quoting import printable
from sigfix.rendering.inspection_text import failure_lines, hidden_text, report_lines
from sigfix.rendering.style import SEVERITY_COLOURS, Style
from sigfix.report import Inspection
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


def render_summary(inspections: Sequence[Inspection], style: Style) -> str:
    """A table with a row a path, as it was given; a long path has a line of its own above it."""
    names = [printable(str(item.path)) for item in inspections]
    width = min(max(len("model"), *map(len, names)), max(style.width - 50, 20))
    lines = [style.paint(_row(style, "model", "signatures", _COLUMNS, width), "bold")]
    for name, item in zip(names, inspections, strict=True):
        counts = [str(item.count(severity) or "-") for severity in Severity]
        worst = next((level for level in Severity if item.count(level)), None)
        row = _row(style, name if len(name) <= width else "", _signatures(item), counts, width)
        unreadable = item.failure is not None and not item.failure.ignored
        colour = "red" if unreadable else SEVERITY_COLOURS[worst.value] if worst else "green"
        painted = style.paint(name, colour)
        lines += [row.replace(name, painted, 1)] if len(name) <= width else [painted, row]
    failed = [item for item in inspections if item.failure and not item.failure.ignored]
    total = [
        plural(sum(item.count(severity) for item in inspections), severity.value)
        for severity in Severity
    ]
    summary = f"{plural(len(inspections), 'model')}: {', '.join(total)}"
    if failed:
        summary += f"; {len(failed)} unreadable"
    summary += hidden_text(inspections)
    return "\n".join([*lines, "", summary]) + "\n"


def render_findings(item: Inspection, style: Style) -> str:
    """The path and its findings, or why it could not be read; '' where all is well or ignored."""
    if not item.findings and (item.failure is None or item.failure.ignored):
        return ""
    lines = [style.paint(printable(str(item.path)), "bold")]
    lines += failure_lines(item, style) if item.failure else report_lines(item, style)
    return "\n".join(lines) + "\n\n"
