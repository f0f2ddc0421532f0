"""Values as JSON text that any terminal, log and parser takes, whatever names a model has."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from sigfix.errors import SigfixError

_ODD = re.compile(r"[^ -~\n]")


def json_text(value: Any) -> str:
    """`value` as indented JSON, which ends in a line end.

    Readable text stays as it is; control characters, halves of pairs and the like are escaped,
    which means the same in JSON. A number that JSON cannot say becomes text, and what is no JSON
    value the text that `str` makes of it.
    """
    text = json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False)
    return _ODD.sub(_escaped, text) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


def json_escaped(text: str) -> str:
    """Every character of `text` as JSON escapes it: `\\u00e9`."""
    units = text.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _escaped(match: re.Match[str]) -> str:
    return match[0] if match[0].isprintable() else json_escaped(match[0])


def error_data(error: SigfixError) -> dict[str, Any]:
    """The JSON document of an error, where a command ends in one."""
    return {
        "error": {
            "message": error.message,
            "hint": error.hint,
            "code": getattr(error, "code", "") or None,
            "exit_code": error.exit_code,
        }
    }
