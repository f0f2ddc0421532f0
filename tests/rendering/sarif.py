"""What SARIF 2.1.0 allows in the objects that sigfix writes (docs.oasis-open.org, section 3)."""

from __future__ import annotations

from typing import Any


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required,
        "properties": {**properties, "properties": {"type": "object"}},
        "additionalProperties": False,
    }


TEXT = {"type": "string"}
URI = {"type": "string", "pattern": r"^(file:///[^ \\]*|[^ \\:]*)$"}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
MESSAGE = _object(["text"], text=TEXT)

RULE = _object(
    ["id"],
    id=TEXT,
    name=TEXT,
    shortDescription=MESSAGE,
    fullDescription=MESSAGE,
    help=MESSAGE,
    defaultConfiguration=_object([], level=LEVEL),
)
LOCATION = _object(
    [],
    physicalLocation=_object(["artifactLocation"], artifactLocation=_object(["uri"], uri=URI)),
    logicalLocations={
        "type": "array",
        "uniqueItems": True,
        "items": _object([], fullyQualifiedName=TEXT),
    },
)
RESULT = _object(
    ["message"],
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": -1},
    level=LEVEL,
    message=MESSAGE,
    locations={"type": "array", "items": LOCATION},
)
DRIVER = _object(
    ["name"], name=TEXT, version=TEXT, rules={"type": "array", "items": RULE, "uniqueItems": True}
)
RUN = _object(
    ["tool"],
    tool=_object(["driver"], driver=DRIVER),
    results={"type": "array", "items": RESULT},
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
)
LOG = _object(
    ["version", "runs"],
    version={"const": "2.1.0"},
    runs={"type": "array", "items": RUN},
    **{"$schema": TEXT},
)
