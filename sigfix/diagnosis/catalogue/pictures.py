"""Findings that a picture explains better than words: what the model is, and what it becomes.

A row is a way through boxes, from left to right. `!` before a box says that no way leads to it,
`?` that nobody knows whether it is the way. A box that stands below itself is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Picture:
    """What is there, and what comes of the fix."""

    before: Rows
    after: Rows


PICTURES: Mapping[str, Picture] = {
    "SIG001": Picture(
        (("serving_default", "!f(image)", "scores"),),
        (("serving_default", "f(image)", "scores"),),
    ),
    "SIG002": Picture(
        (("serving_default", "!f(image)"), ("predict", "f(image)")),
        (("serving_default", "f(image)"), ("predict", "f(image)")),
    ),
    "SIG003": Picture(
        (("serving_default", "?predict", "f(image)"), ("serving_default", "?embed", "g(image)")),
        (
            ("serving_default", "f(image)"),
            ("predict", "f(image)"),
            ("embed", "g(image)"),
        ),
    ),
    "SIG006": Picture(
        (
            ("f", "?f(image, training=False)"),
            ("f", "?f(image, training=True)"),
        ),
        (("serving_default", "f(image, training=False)"),),
    ),
    "SIG013": Picture(
        (("image", "network", "scores"), ("phase_train", "!network")),
        (("image", "network", "scores"), ("false", "network")),
    ),
    "CON201": Picture(
        (("loader", "?serve", "graph 1"), ("loader", "?train", "graph 2")),
        (("loader", "serve", "graph 1"),),
    ),
    "TGT414": Picture(
        (("words", "table", "numbers", "network"),),
        (("numbers", "network", "scores"),),
    ),
}
