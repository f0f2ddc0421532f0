"""The JSON schemas of a plan and of a repair's result, made from the dataclasses themselves.

`document_schemas` writes `schemas/plan.json` and `schemas/repair.json`.
"""

from __future__ import annotations

import dataclasses
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
        **object_of(format={"const": codec.FORMAT}, plan={"$ref": "#/$defs/Plan"}),
        "$defs": {name: _definition(kind) for name, kind in sorted(codec.KINDS.items())},
    }


def object_of(**properties: Any) -> dict[str, Any]:
    """The schema of an object that has all of these, and nothing else."""
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


TEXTS = {"type": "array", "items": {"type": "string"}}
DIFFERENCE = {"anyOf": [{"type": ["number", "null"]}, {"enum": ["inf", "-inf", "nan"]}]}
"""How far apart two outputs are: null where they cannot be subtracted."""
_PLACE = {"type": "array", "items": {"type": "integer"}}
_OUTPUT = object_of(
    name={"type": "string"},
    dtype={"type": "string"},
    shape=_PLACE,
    ok={"type": "boolean"},
    absolute=DIFFERENCE,
    relative=DIFFERENCE,
    worst={**_PLACE, "type": ["array", "null"]},
    different={"type": ["integer", "null"]},
    limit=DIFFERENCE,
    not_finite={"type": "integer"},
    reason={"type": "string"},
    nothing={"type": "boolean"},
)
COMPARISON = object_of(
    reference={"type": "string"},
    result={"type": "string"},
    batch={"type": "integer"},
    through={"type": "string"},
    note={"type": "string"},
    parity=object_of(
        outputs={"type": "array", "items": _OUTPUT},
        reason={"type": "string"},
    ),
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
    hint={"type": "string"},
    through={"type": "string"},
)
"""All comparisons of one signature."""


def result_schema() -> dict[str, Any]:
    """What `repair --format json` prints."""
    plan = plan_schema()
    return {
        "$schema": DIALECT,
        "title": "A result of sigfix repair",
        **object_of(
            format={"const": codec.FORMAT},
            repair=object_of(**plan["properties"]),
            output={"type": ["string", "null"]},
            not_verified={"type": "string"},
            parity={"type": "array", "items": VERIFICATION},
        ),
        "$defs": plan["$defs"],
    }
