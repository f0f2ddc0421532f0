"""An inspection as text for people: aligned, at most as wide as the terminal."""

from __future__ import annotations

from collections.abc import Iterable

from sigfix.diagnosis.catalogue import RULES
from sigfix.diagnosis.rule import Finding, Severity
from sigfix.quoting import printable
from sigfix.rendering.model_text import model_lines, other_lines
from sigfix.rendering.style import COMMAND, SEVERITY_COLOURS, Style, shortened
from sigfix.report import Inspection, Totals
from sigfix.wording import plural

OTHER_FIX = "or: "
"""How evidence begins that is a command beside the one of the fix."""


def render_text(inspection: Inspection, style: Style, *, everything: bool = False) -> str:
    """The whole report on one model; `everything` lifts the limits on long lists."""
    lines = [style.paint(printable(str(inspection.path)), "bold")]
    if inspection.failure is not None:
        lines += failure_lines(inspection, style)
    elif inspection.other is not None:
        lines += other_lines(inspection.other, style, everything)
        lines += ["", *report_lines(inspection, style)]
    elif inspection.model is not None:
        lines += model_lines(inspection, inspection.model, style, everything)
        lines += ["", *report_lines(inspection, style)]
    return "\n".join(lines) + "\n"


def failure_lines(inspection: Inspection, style: Style) -> list[str]:
    """Why a path could not be read, and what to do."""
    failure = inspection.failure
    if failure is None:
        return []
    head = f"{'error':<8}{failure.code}  "
    lines = style.wrap(printable(failure.message), " " * len(head))
    lines[0] = (
        style.paint(f"{'error':<8}", "red")
        + style.paint(failure.code, "bold")
        + "  "
        + lines[0].lstrip()
    )
    if failure.hint:
        lines.append(f"{' ' * len(head)}{style.paint('try:', 'green')} {printable(failure.hint)}")
    if failure.code:
        lines.append(f"{' ' * len(head)}{style.paint('see:', 'green')} {_explain([failure.code])}")
    return lines


def report_lines(inspection: Inspection, style: Style) -> list[str]:
    """The findings; below them their number, also of those left out, and what explains them."""
    findings = inspection.findings
    totals = Totals()
    totals.add(inspection)
    hidden = hidden_text(totals)
    if not findings and hidden:
        return [f"No findings{hidden}."]
    if not findings:
        return [style.paint("No findings.", "green")]
    counts = [plural(inspection.count(severity), severity.value) for severity in Severity]
    codes = sorted({item.code for item in findings})
    return [
        *finding_lines(findings, style),
        "",
        ", ".join(counts) + hidden,
        f"{style.paint('see:', 'green')} {_explain(codes)}",
    ]


def hidden_text(totals: Totals) -> str:
    """`; 2 ignored, 1 not selected`: the findings that options and a baseline left out."""
    counts = {
        "ignored": totals.ignored,
        "not selected": totals.unselected,
        "in the baseline": totals.baselined,
    }
    parts = [f"{count:,} {what}" for what, count in counts.items() if count]
    return f"; {', '.join(parts)}" if parts else ""


def finding_lines(findings: Iterable[Finding], style: Style) -> list[str]:
    """The findings, each with its place, evidence, and command or advice."""
    lines = []
    for item in findings:
        severity = item.severity.value
        head = f"{severity:<8}{item.code}  "
        place = f"{item.location}: " if item.location else ""
        wrapped = style.wrap(shortened(printable(place + item.message), 600), " " * len(head))
        wrapped[0] = (
            style.paint(f"{severity:<8}", SEVERITY_COLOURS[severity])
            + style.paint(item.code, "bold")
            + "  "
            + wrapped[0].lstrip()
        )
        lines += wrapped
        pad = " " * len(head)
        told = [text for text in item.evidence if not text.startswith(OTHER_FIX)]
        for text in map(printable, told[:3]):
            shown = text if COMMAND.search(text) else shortened(text, 150)
            lines += style.wrap(shown, f"{pad}- ", f"{pad}  ")
        if len(told) > 3:
            lines.append(f"{pad}- and {len(told) - 3} more")
        others = [text for text in item.evidence if text.startswith(OTHER_FIX)]
        lines += [f"{pad}- {printable(text)}" for text in others]  # as the fix: never broken
        if item.command:
            lines.append(f"{pad}{style.paint('fix:', 'green')} {printable(item.command)}")
        else:
            advice = style.wrap(RULES[item.code].advice, f"{pad}try: ", f"{pad}     ")
            lines += [line.replace("try:", style.paint("try:", "green"), 1) for line in advice]
    return lines


def _explain(codes: Iterable[str]) -> str:
    return f"sigfix explain {' '.join(codes)}"
