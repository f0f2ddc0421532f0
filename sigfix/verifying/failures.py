"""What TensorFlow's long error messages say, in one line."""

from __future__ import annotations

import re

_EMPTY = ("Graph execution error:", "Detected at node", "Node:", "<stack traces unavailable>")
"""Beginnings of lines that say nothing about what is wrong."""
_TAILS = (" in binary running on", " [[{{node", " [Op:", "\n")
"""Where the part that a user can use ends."""
_LONGEST = 300
_OPERATOR = re.compile(r" \(operator \w+ '[^']*'\)$")
"""What `runners.operators.named` adds to a message."""

LACKING_KERNELS = (
    "Current implementation only supports",
    "only supports NHWC",
    "only supports the NHWC",
    "only supports NDHWC",
    "No OpKernel was registered",
    "Could not find device for node",
    "not yet supported on the CPU",
    "not supported on CPU",
    "is not implemented",
    "UnimplementedError",
)
"""What TensorFlow says where it knows the operator, and this machine's kernel does not do it."""


def shortened(error: str) -> str:
    """The line of an error (`Type: message`) that says something, with the type."""
    operator = _OPERATOR.search(error.strip())
    kind, _, text = error.strip().partition(": ")
    lines = [line.strip() for line in _OPERATOR.sub("", text).splitlines()]
    said = next((line for line in lines if line and not line.startswith(_EMPTY)), "")
    for tail in _TAILS:
        said = said.partition(tail)[0]
    found = (f"{kind}: {said}" if said else kind).rstrip(". ")[:_LONGEST]
    return found + (operator[0] if operator else "")


def lacks_kernel(error: str) -> bool:
    """Whether a message is about this machine's kernels, not about the inputs."""
    return any(said in error for said in LACKING_KERNELS)
