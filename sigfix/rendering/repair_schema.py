"""The JSON schemas of a plan and of a repair's result, made from the dataclasses themselves.

`python -m sigfix.rendering.repair_schema` writes `schemas/plan.json` and `schemas/repair.json`.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from pathlib import Path
from typing import Any

from sigfix.planning import codec

SCHEMAS = Path(__file__).with_name("schemas")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PLAIN = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
}


def _of(hint: Any) -> dict[str, Any]:
    if hint in _PLAIN:
        return dict(_PLAIN[hint])
    if dataclasses.is_dataclass(hint):
        return {"$ref": f"#/$defs/{getattr(hint, '__name__', '')}"}
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return {"anyOf": [_of(item) for item in arguments]}
    if typing.get_origin(hint) is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return {"type": "array", "items": _of(arguments[0])}
        return {"type": "array", "prefixItems": [_of(item) for item in arguments]}
    raise TypeError(f"no schema for {hint}")


def _definition(kind: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    fields = {codec.written_name(field.name): _of(hints[field.name]) for field in
              dataclasses.fields(kind)}  # fmt: skip
    return {
        "type": "object",
        "description": (kind.__doc__ or "").split("\n\n")[0].replace("\n", " "),
        "properties": {"kind": {"const": kind.__name__}, **fields},
        "required": ["kind", *fields],
        "additionalProperties": False,
    }


def plan_schema() -> dict[str, Any]:
    """What `repair --dry-run --format json` prints, and `--plan` reads."""
    return {
        "$schema": DIALECT,
        "title": "A plan of sigfix repair",
        "type": "object",
        "properties": {
            "format": {"const": codec.FORMAT},
            "plan": {"$ref": "#/$defs/Plan"},
        },
        "required": ["format", "plan"],
        "$defs": {name: _definition(kind) for name, kind in sorted(codec.KINDS.items())},
    }


def object_of(**properties: Any) -> dict[str, Any]:
    """The schema of an object that has all of these."""
    return {"type": "object", "properties": properties, "required": [*properties]}


TEXTS = {"type": "array", "items": {"type": "string"}}
_OUTPUT = object_of(
    name={"type": "string"},
    dtype={"type": "string"},
    shape={"type": "array", "items": {"type": "integer"}},
    ok={"type": "boolean"},
    absolute={"type": ["number", "null"]},
    relative={"type": ["number", "null"]},
)
COMPARISON = object_of(
    reference={"type": "string"},
    result={"type": "string"},
    batch={"type": "integer"},
    through={"type": "string"},
    note={"type": "string"},
    parity=object_of(outputs={"type": "array", "items": _OUTPUT}),
)
"""Two stages of one model on the same inputs."""
VERIFICATION = object_of(
    key={"type": "string"},
    verdict={"enum": ["same", "different", "not comparable"]},
    batches={"type": "array", "items": {"type": "integer"}},
    comparisons={"type": "array", "items": COMPARISON},
    reason={"type": "string"},
    inputs={"enum": ["seeded", "given"]},
    tried=TEXTS,
    notes=TEXTS,
    through={"type": "string"},
)
"""All comparisons of one signature."""


def result_schema() -> dict[str, Any]:
    """What `repair --format json` prints."""
    plan = plan_schema()
    return {
        "$schema": DIALECT,
        "title": "A result of sigfix repair",
        "type": "object",
        "properties": {
            "format": {"const": codec.FORMAT},
            "repair": {"type": "object", "properties": plan["properties"]},
            "output": {"type": ["string", "null"]},
            "not_verified": {"type": "string"},
            "parity": {"type": "array", "items": VERIFICATION},
        },
        "required": ["format", "repair", "output", "not_verified", "parity"],
        "$defs": plan["$defs"],
    }


def write_schemas() -> None:
    """Write both files into the package."""
    write_schema("plan", plan_schema())
    write_schema("repair", result_schema())


def write_schema(name: str, schema: dict[str, Any]) -> None:
    """Write one file into the package."""
    (SCHEMAS / f"{name}.json").write_text(json.dumps(schema, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    write_schemas()
