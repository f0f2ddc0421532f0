"""Rules as text: one for `sigfix explain`, all of them for the documentation page."""

from __future__ import annotations

from sigfix.diagnosis.catalogue import FAMILIES, RULES
from sigfix.diagnosis.catalogue.pictures import PICTURES
from sigfix.diagnosis.messages import MESSAGES, KnownMessage
from sigfix.diagnosis.rule import Fixable, Rule
from sigfix.rendering.boxes import DRAWN, Signs, drawn_picture
from sigfix.rendering.style import SEVERITY_COLOURS, Style

_REPAIRS = {
    Fixable.ALWAYS: "`sigfix repair` mends it",
    Fixable.SOMETIMES: "`sigfix repair` mends it where the evidence allows one answer",
    Fixable.NEVER: "`sigfix repair` cannot mend it",
}


def _sections(rule: Rule) -> list[tuple[str, str]]:
    return [
        ("What", rule.what),
        ("Why it matters", rule.why),
        ("How it comes about", rule.causes),
        ("Example", rule.example),
        ("Fix", rule.fix),
    ]


def render_rule(rule: Rule, style: Style, signs: Signs = DRAWN) -> str:
    """Everything about one rule; its picture is drawn with `signs`."""
    severity = rule.severity.value
    lines = [
        f"{style.paint(rule.code, 'bold')} {rule.name} "
        f"({style.paint(severity, SEVERITY_COLOURS[severity])})",
        f"{_REPAIRS[rule.fixable]}.",
    ]
    for title, text in _sections(rule):
        lines += ["", style.paint(title, "bold"), *style.wrap(text, "  ")]
    if rule.code in PICTURES:
        picture = drawn_picture(PICTURES[rule.code], style.width, signs)
        lines += ["", style.paint("Picture", "bold"), *picture]
    return "\n".join(lines) + "\n"


def render_message(message: KnownMessage, style: Style, signs: Signs = DRAWN) -> str:
    """What a message of another tool means, what to do, and the rules behind it.

    The likeliest rule is explained in full.
    """
    lines = [style.paint(f"A message of {message.tool}.", "bold"), *style.wrap(message.meaning, "")]
    if message.advice:
        lines += ["", style.paint("What to do", "bold"), *style.wrap(message.advice, "  ")]
    if not message.codes:
        lines += ["", "There is no finding of sigfix for it."]
        return "\n".join(lines) + "\n"
    several = len(message.codes) > 1
    lines += ["", "Behind it is one of, the likeliest first:" if several else "Behind it is:"]
    for code in message.codes:
        rule = RULES[code]
        lines += style.wrap(f"{code} {rule.name}: {rule.what}", "  ", "    ")
    lines += ["", "Find out which, and how to mend it:" if several else "Find out whether it is:"]
    lines += ["  sigfix inspect MODEL", ""]
    return "\n".join(lines) + "\n" + render_rule(RULES[message.codes[0]], style, signs)


def render_list(style: Style, only: str = "") -> str:
    """One line a rule, by family; of the family `only` where it is given."""
    lines = []
    width = max(len(rule.name) for rule in RULES.values())
    for family, title in FAMILIES.items():
        if only not in ("", family):
            continue
        lines.append(style.paint(f"{family}  {title}", "bold"))
        for rule in RULES.values():
            if rule.family == family:
                head = f"  {rule.code}  {rule.severity.value:<8}{rule.name:<{width}}  "
                lines += style.wrap(rule.what, head) if style.width >= 100 else [head.rstrip()]
        lines.append("")
    return "\n".join(lines)


def render_page() -> str:
    """The documentation page, in Markdown."""
    lines = [
        "# Findings of `sigfix inspect`",
        "",
        "Generated from the catalogue by `python -m tests.tools.findings_page`; do not edit.",
        "",
        "| code | name | severity | `sigfix repair` mends it |",
        "|---|---|---|---|",
    ]
    for rule in RULES.values():
        lines.append(
            f"| [{rule.code}](#{rule.anchor}) | {rule.name} | {rule.severity.value} |"
            f" {rule.fixable.value} |"
        )
    for family, title in FAMILIES.items():
        lines += ["", f"## {family}: {title}"]
        for rule in RULES.values():
            if rule.family == family:
                lines += ["", f"### {rule.code} {rule.name}", "", rule.what, ""]
                for name, text in _sections(rule)[1:]:
                    shown = f"`{text}`" if name == "Example" else text
                    lines.append(f"- **{name}.** {shown}")
                if rule.code in PICTURES:
                    picture = drawn_picture(PICTURES[rule.code], 80)
                    lines += ["", "```text", *picture, "```"]
    lines += ["", "## Messages of other tools", ""]
    lines += ["`sigfix explain MESSAGE` recognises these, as regular expressions:", ""]
    lines += ["| tool | message | codes |", "|---|---|---|"]
    for message in MESSAGES:
        pattern = message.pattern.replace("|", "\\|")
        lines.append(f"| {message.tool} | `{pattern}` | {', '.join(message.codes)} |")
    return "\n".join(lines) + "\n"
