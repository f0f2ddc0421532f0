"""Well-known error messages of other tools, what they mean, and the findings behind them.

A row a message. The first row that matches wins: in a module the specific ones come first, and
`general`, whose messages do not say what is wrong, is the last module.
"""

from __future__ import annotations

import html
import re

from sigfix.describing.operators import tensorflow_operators
from sigfix.diagnosis.messages import (
    browser,
    converters,
    general,
    keras,
    onnx,
    operators,
    serving,
    signatures,
    weights,
)
from sigfix.diagnosis.messages.row import KnownMessage

__all__ = ["MESSAGES", "KnownMessage", "recognise"]

MESSAGES: tuple[KnownMessage, ...] = tuple(
    row
    for module in (
        operators, signatures, serving, browser, keras, onnx, converters, weights, general,
    )
    for row in module.ROWS
)  # fmt: skip

_STRAIGHT = str.maketrans("\u2018\u2019\u201c\u201d\u00b4", "''\"\"'")
_COLOURS = re.compile(r"\x1b\[[\d;]*m")


def recognise(text: str) -> KnownMessage | None:
    """The first known message that occurs in `text`, a line or a whole traceback.

    Line ends, quotes as forums and JSON write them, and colours make no difference.
    """
    flat = html.unescape(_COLOURS.sub("", text)).translate(_STRAIGHT)
    flat = re.sub(r"\s+", " ", re.sub(r"\\(['\"])", r"\1", flat))
    return next((row for row in MESSAGES if _matches(row, flat)), None)


def _matches(row: KnownMessage, text: str) -> bool:
    found = re.search(row.pattern, text)
    if found is None or row.of_tensorflow is None:
        return found is not None
    return (found[1] in tensorflow_operators()) is row.of_tensorflow
