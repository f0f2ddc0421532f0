"""What `sigfix verify` found, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sigfix.quoting import printable
from sigfix.rendering.repair_result import verification_data
from sigfix.rendering.style import Style, tried_lines

if TYPE_CHECKING:
    from sigfix.verifying.verdict import Verification

FORMAT = 1
_COLOURS = {"same": "green", "different": "red", "not comparable": "yellow"}


def verify_text(parities: tuple[Verification, ...], left: str, right: str, style: Style) -> str:
    """For each signature the verdict, and every output's largest difference."""
    lines = [f"{printable(left)} and {printable(right)}"]
    for parity in parities:
        verdict = style.paint(parity.verdict, _COLOURS[parity.verdict])
        batches = " and ".join(map(str, parity.batches))
        lines.append(
            f"  {printable(parity.key)}: {verdict}" + (f", batch {batches}" if batches else "")
        )
        if parity.reason:
            lines += style.wrap(printable(parity.reason), "    ", "    ")
        for name, relative in largest_differences(parity).items():
            said = "equal" if not relative else f"largest difference {relative:.1e} of its range"
            lines.append(f"    {printable(name)}: {said}")
        if parity.ok:
            lines += tried_lines(parity.tried, "    ")
        for note in parity.notes:
            lines += style.wrap(f"note: {printable(note)}", "    ", "    ")
    return "\n".join(lines) + "\n"


def largest_differences(parity: Verification) -> dict[str, float]:
    """Output -> the largest relative difference over all batches, of outputs that are the same."""
    found: dict[str, float] = {}
    for comparison in parity.comparisons:
        for output in comparison.parity.outputs:
            if output.ok:
                found[output.name] = max(found.get(output.name, 0.0), output.relative or 0.0)
    return found


def verify_data(parities: tuple[Verification, ...], left: str, right: str) -> dict[str, Any]:
    """The JSON document."""
    return {
        "format": FORMAT,
        "left": left,
        "right": right,
        "parity": [verification_data(parity) for parity in parities],
    }
