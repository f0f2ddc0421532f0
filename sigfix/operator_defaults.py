"""Attributes that a graph leaves out: TensorFlow's own defaults, by operator.

Old versions did not know an attribute yet, and exporters strip those that have their default.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import text_format

_TABLE = Path(__file__).with_name("operator_defaults.txt")


@cache
def _table() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for line in _TABLE.read_text(encoding="ascii").splitlines():
        if not line.startswith("#"):
            operator, attribute, value = line.split(" ", 2)
            found.setdefault(operator, {})[attribute] = value
    return found


@cache
def defaults(operator: str, kind: Any) -> Mapping[str, Any]:
    """Attribute -> its default as a message of `kind`, which is an AttrValue's class.

    Empty for an operator that TensorFlow 2.19 does not have.
    """
    return {
        name: text_format.Parse(text, kind()) for name, text in _table().get(operator, {}).items()
    }


def complete(node: Any) -> None:
    """Give a NodeDef, in place, the attributes that it leaves out."""
    kind: Any = type(node.attr[""])
    del node.attr[""]
    for name, value in defaults(str(node.op), kind).items():
        if name not in node.attr:
            node.attr[name].CopyFrom(value)
