"""The schema of every JSON document that a command prints, and the files that have them.

`python -m sigfix.rendering.document_schemas` writes those files that are made from the code:
`DOCUMENTS`, a row each. The schemas of an inspection and of an error are written by hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sigfix.rendering.conversion_json import conversion_schema, preset_schema
from sigfix.rendering.repair_schema import (
    DIALECT,
    SCHEMAS,
    TEXTS,
    VERIFICATION,
    object_of,
    plan_schema,
    result_schema,
)

FORMAT = 1
_TEXT, _NUMBER, _COUNT = {"type": "string"}, {"type": "number"}, {"type": "integer"}
_FLAG = {"type": "boolean"}


def _list_of(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(items)}


def _or_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [dict(schema), {"type": "null"}]}


def _document(title: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"$schema": DIALECT, "title": title, **schema}


def verify_schema() -> dict[str, Any]:
    """What `verify --format json` prints."""
    return _document(
        "What sigfix verify compared",
        object_of(format={"const": FORMAT}, left=_TEXT, right=_TEXT, parity=_list_of(VERIFICATION)),
    )


def diff_schema() -> dict[str, Any]:
    """What `diff --format json` prints; '' where a model does not have it."""
    difference = object_of(area=_TEXT, name=_TEXT, left=_TEXT, right=_TEXT)
    return _document(
        "What sigfix diff found",
        object_of(
            format={"const": FORMAT}, left=_TEXT, right=_TEXT, differences=_list_of(difference)
        ),
    )


def presets_schema() -> dict[str, Any]:
    """What `presets --format json` prints: a list, or with a name one of them."""
    triple = {**_list_of(_NUMBER), "minItems": 3, "maxItems": 3}
    boxes = object_of(
        binarise_at=_NUMBER, unclip=_NUMBER, least_score=_NUMBER, opening=_COUNT, least_side=_NUMBER
    )
    preset = object_of(
        name=_TEXT,
        task={"enum": ["recognition", "detection", "orientation"]},
        height=_COUNT,
        width=_COUNT,
        mean=triple,
        std=triple,
        output=_TEXT,
        decoder={"enum": ["ctc", "attention", "boxes", "argmax"]},
        vocabulary=_TEXT,
        extra_names=TEXTS,
        confidence=_TEXT,
        padding={"enum": ["symmetric", "end"]},
        steps=_COUNT,
        head=_TEXT,
        feeds_back=_FLAG,
        boxes=_or_null(boxes),
        classes=_list_of(_COUNT),
        maps=_COUNT,
        class_names=TEXTS,
        of_pages=_FLAG,
        opset=_COUNT,
        extra_classes=_COUNT,
        input=_TEXT,
        layout=_TEXT,
        special_classes=TEXTS,
    )
    one = {"$ref": "#/$defs/preset"}
    either = {"anyOf": [_list_of(one), one], "$defs": {"preset": preset}}
    return _document("The docTR presets of sigfix, or one of them", either)


def bundle_schema() -> dict[str, Any]:
    """What `bundle --format json` prints; sizes are in bytes, times in milliseconds."""
    model = object_of(task=_TEXT, name=_TEXT, quantize={"type": ["string", "null"]})
    sizes = {"type": "object", "additionalProperties": object_of(bytes=_COUNT, gzip=_COUNT)}
    check = object_of(
        where=_TEXT, words=_COUNT, found=_COUNT, same=_COUNT, load_ms=_NUMBER, read_ms=_NUMBER
    )
    return _document(
        "A bundle that sigfix made",
        object_of(
            output=_TEXT, models=_list_of(model), sizes=sizes, check=_or_null(check), notes=TEXTS
        ),
    )


DOCUMENTS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "bundle": bundle_schema,
    "convert": conversion_schema,
    "diff": diff_schema,
    "plan": plan_schema,
    "preset": preset_schema,
    "presets": presets_schema,
    "repair": result_schema,
    "verify": verify_schema,
}
"""Name of the file in `schemas` -> what makes it."""


def write_schemas() -> None:
    """Write all of them into the package."""
    for name, make in DOCUMENTS.items():
        (SCHEMAS / f"{name}.json").write_text(json.dumps(make(), indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    write_schemas()
