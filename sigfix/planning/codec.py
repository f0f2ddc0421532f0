"""A plan as JSON and back, so that a repair can be reviewed and repeated (`--plan FILE`)."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from sigfix.errors import UsageError
from sigfix.planning import edits, steps
from sigfix.planning.edits import Plan

FORMAT = 1
"""Raised when a plan of an older sigfix would be understood differently."""

KINDS = {
    kind.__name__: kind
    for kind in (
        steps.Cast, steps.Transpose, steps.Normalize, steps.Activation, edits.InputPlan,
        edits.OutputPlan, edits.BoundInput, edits.FunctionSource, edits.MergedSource,
        edits.GraphSource, edits.AddSignature, edits.AliasSignature, edits.RemoveSignature,
        edits.RenameSignature, edits.SetMethodName, edits.SetTags, edits.KeepMetaGraph,
        edits.ExportKeras, edits.Candidate, edits.Plan,
    )
}  # fmt: skip
"""What a plan is made of, by name."""


def written_name(field: str) -> str:
    """A field's name in JSON; an Activation's own `kind` is written as `activation`."""
    return "activation" if field == "kind" else field


def to_data(value: Any) -> Any:
    """Plain JSON values; every dataclass says what it is in `kind`."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {
            written_name(field.name): to_data(getattr(value, field.name))
            for field in dataclasses.fields(value)
        }
        return {"kind": type(value).__name__, **fields}
    if isinstance(value, (tuple, list)):
        return [to_data(item) for item in value]
    return value


def from_data(data: Any) -> Any:
    """The inverse of `to_data`. Raises `UsageError` for what is no plan."""
    if isinstance(data, list):
        return tuple(from_data(item) for item in data)
    if not isinstance(data, dict):
        return data
    kind = KINDS.get(str(data.get("kind")))
    if kind is None:
        raise UsageError(f"The plan has an unknown part: {data.get('kind')!r}.")
    fields = {name: from_data(value) for name, value in data.items() if name != "kind"}
    if "activation" in fields:
        fields["kind"] = fields.pop("activation")
    try:
        return kind(**fields)
    except TypeError as error:
        raise UsageError(f"The plan's {data['kind']} is not understood: {error}.") from error


def write_plan(plan: Plan) -> str:
    """A plan as JSON text."""
    return json.dumps({"format": FORMAT, "plan": to_data(plan)}, indent=2) + "\n"


def read_plan(text: str, where: str) -> Plan:
    """The plan in JSON text. Raises `UsageError` saying what is wrong with it."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{where} is not JSON: {error}.") from error
    if isinstance(data, dict) and isinstance(data.get("repair"), dict):
        data = data["repair"]
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise UsageError(
            f"{where} is not a plan of this version of sigfix (format {FORMAT}).",
            "make one with: sigfix repair MODEL --dry-run --format json > plan.json",
        )
    plan = from_data(data.get("plan"))
    if not isinstance(plan, Plan):
        raise UsageError(f"{where} holds no plan.")
    return plan
