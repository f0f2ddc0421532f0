"""A plan as JSON and back, so that a repair can be reviewed and repeated (`--plan FILE`)."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from typing import Any

from sigfix.errors import UsageError
from sigfix.planning import choices, edits, file_edits, steps
from sigfix.planning.edits import Plan
from sigfix.planning.parsing import DTYPES
from sigfix.presets import Boxes, Preset

FORMAT = 1
"""Raised when a plan of an older sigfix would be understood differently."""

KINDS = {
    kind.__name__: kind
    for kind in (
        steps.Cast, steps.Transpose, steps.Normalize, steps.Activation, edits.InputPlan,
        edits.OutputPlan, edits.BoundInput, edits.FunctionSource, edits.MergedSource,
        edits.GraphSource, edits.AddSignature, edits.AliasSignature, edits.RemoveSignature,
        edits.RenameSignature, edits.SetMethodName, edits.SetTags, edits.SetVersion,
        edits.KeepMetaGraph, edits.Parsed,
        edits.AttachSignature, edits.Component, edits.Candidate, edits.Plan, file_edits.ExportKeras,
        file_edits.ImportOnnx, file_edits.LeaveOut, file_edits.SaveAnew, file_edits.WriteCard,
        choices.Choices, choices.InputChoice, choices.AppendChoice, choices.NormalizeChoice,
        choices.NewSignature, Preset, Boxes,
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
    _check(plan, Plan, where)
    return plan


def _check(value: Any, hint: Any, where: str) -> None:
    """Check that a value out of JSON has its field's type. Raises `UsageError` naming it."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        for option in arguments:
            try:
                return _check(value, option, where)
            except UsageError:
                continue
    elif origin is tuple and isinstance(value, tuple):
        items = arguments[:1] * len(value) if arguments[-1] is Ellipsis else arguments
        if len(items) == len(value):
            for item, kind in zip(value, items, strict=True):
                _check(item, kind, where)
            return None
    elif dataclasses.is_dataclass(hint) and type(value) is hint:
        hints = typing.get_type_hints(hint)
        for field in dataclasses.fields(value):
            _check(getattr(value, field.name), hints[field.name], f"{where}: {field.name}")
        dtype = getattr(value, "dtype", "float32")
        if dtype is not None and dtype not in DTYPES:
            raise UsageError(f"{where}: {dtype!r} is not a dtype.")
        return None
    elif type(value) is hint or (hint is float and type(value) is int):
        return None
    raise UsageError(f"{where}: {value!r} does not belong there.")
