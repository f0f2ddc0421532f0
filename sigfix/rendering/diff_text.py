"""The differences of two models as text and as JSON."""

from __future__ import annotations

import dataclasses
from typing import Any

from sigfix.describing.differences import Difference
from sigfix.quoting import printable
from sigfix.rendering.style import Style
from sigfix.wording import plural

FORMAT = 1


def diff_text(differences: list[Difference], left: str, right: str, style: Style) -> str:
    """`-` what only the left model has or has differently, `+` the right one."""
    if not differences:
        return "No difference in tags, signatures, functions, operators and variables.\n"
    lines = [f"- {printable(left)}", f"+ {printable(right)}", ""]
    area = ""
    for item in differences:
        if item.area != area:
            area = item.area
            count = sum(other.area == area for other in differences)
            lines.append(style.paint(plural(count, f"{area} difference"), "bold"))
        if area == "operator":
            lines.append(
                f"  {printable(item.name)}: {item.left or 'none'} -> {item.right or 'none'}"
            )
            continue
        lines.append(f"  {printable(item.name)}")
        for mark, text, colour in (("-", item.left, "red"), ("+", item.right, "green")):
            if text:
                wrapped = style.wrap(printable(text), f"    {mark} ", "        ")
                lines += [style.paint(line, colour) for line in wrapped]
    return "\n".join(lines) + "\n"


def diff_data(differences: list[Difference], left: str, right: str) -> dict[str, Any]:
    """The JSON document."""
    return {
        "format": FORMAT,
        "left": left,
        "right": right,
        "differences": [dataclasses.asdict(item) for item in differences],
    }
