"""What TensorFlow's long error messages say, in one line."""

from __future__ import annotations

from typing import Any

_EMPTY = ("Graph execution error:", "Detected at node", "Node:", "<stack traces unavailable>")
"""Beginnings of lines that say nothing about what is wrong."""
_TAILS = (" in binary running on", " [[{{node", " [Op:", "\n")
"""Where the part that a user can use ends."""
_LONGEST = 200


def shortened(error: str) -> str:
    """The line of an error (`Type: message`) that says something, with the type."""
    kind, _, text = error.strip().partition(": ")
    lines = [line.strip() for line in text.splitlines()]
    said = next((line for line in lines if line and not line.startswith(_EMPTY)), "")
    for tail in _TAILS:
        said = said.partition(tail)[0]
    return (f"{kind}: {said}" if said else kind).rstrip(". ")[:_LONGEST]


def what_failed(answer: dict[str, Any]) -> str:
    """The first failure of a process's answer, '' where it has none."""
    failures = answer.get("failures") or [""]
    return shortened(str(failures[0]))
