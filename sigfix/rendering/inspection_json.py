"""Inspections as JSON, after the schema in `schemas/inspection.json`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import indent
from typing import Any

from sigfix.describing.callables import declaration_text, trace_arguments
from sigfix.describing.candidates import Candidate
from sigfix.diagnosis.catalogue import RULES
from sigfix.diagnosis.rule import Finding
from sigfix.model import (
    CompositeSpec,
    DictValue,
    Function,
    Literal,
    MetaGraph,
    NamedTupleValue,
    OtherModel,
    SavedModel,
    Shape,
    Signature,
    SignatureTensor,
    TensorSpec,
    TupleValue,
    Value,
    VariableStore,
)
from sigfix.rendering.json_text import json_text
from sigfix.report import Inspection, Totals
from sigfix.version import __version__

SCHEMA_VERSION = 1
_NO_MODELS = '"models": []'


def render_json(inspections: Iterable[Inspection]) -> Iterator[str]:
    """One JSON document for all inspected paths, piece by piece: no model is kept."""
    totals = Totals()
    head, empty, _ = json_text(_document(totals)).partition(_NO_MODELS)
    yield head
    for item in inspections:
        yield ",\n" if totals.models else '"models": [\n'
        yield indent(json_text(inspection_value(item)).rstrip("\n"), " " * 4)
        totals.add(item)
    yield "\n  ]" if totals.models else empty
    yield json_text(_document(totals)).partition(_NO_MODELS)[2]


def _document(totals: Totals) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "sigfix", "version": __version__},
        "models": [],
        "summary": {
            **{f"{severity.value}s": count for severity, count in totals.counts.items()},
            "unreadable": totals.failed,
            "ignored": totals.ignored,
            "unselected": totals.unselected,
            "baselined": totals.baselined,
        },
    }


def inspection_value(item: Inspection) -> dict[str, Any]:
    """One inspected path as plain JSON values."""
    value: dict[str, Any] = {"path": str(item.path)}
    if item.failure is not None:
        failure = item.failure
        value["failure"] = {
            "message": failure.message, "hint": failure.hint, "code": failure.code,
            "ignored": failure.ignored,
        }  # fmt: skip
    if item.other is not None:
        value |= _other_value(item.other)
    if item.model is not None:
        value |= _model_value(item.model)
        value["producers"] = [
            {"name": producer.name, "evidence": producer.evidence} for producer in item.producers
        ]
        for meta, custom in zip(value["meta_graphs"], item.custom_operators, strict=True):
            meta["custom_operators"] = custom
        for meta, (inputs, outputs) in zip(value["meta_graphs"], item.candidates, strict=True):
            if inputs or outputs:
                meta["candidates"] = {
                    "inputs": [_candidate_value(candidate) for candidate in inputs],
                    "outputs": [_candidate_value(candidate) for candidate in outputs],
                }
    value["findings"] = [finding_value(finding) for finding in item.findings]
    return value


def finding_value(item: Finding) -> dict[str, Any]:
    """A finding as plain JSON values."""
    return {
        "code": item.code,
        "severity": item.severity.value,
        "location": item.location,
        "message": item.message,
        "evidence": list(item.evidence),
        "fixable": item.fixable.value,
        "command": item.command or None,
        "advice": None if item.command else RULES[item.code].advice,
        "count": item.count,
    }


def _shape(shape: Shape) -> list[int | None] | None:
    return None if shape is None else list(shape)


def _model_value(model: SavedModel) -> dict[str, Any]:
    return {
        "kind": "graph" if model.encoding == "graph" else "saved_model",
        "encoding": model.encoding,
        "directory": str(model.path),
        "size_bytes": model.size_bytes,
        "card": model.card,
        "meta_graphs": [_meta_value(meta) for meta in model.meta_graphs],
        "variable_store": None if model.variables is None else _store_value(model.variables),
    }


def _other_value(model: OtherModel) -> dict[str, Any]:
    def tensors(specs: Sequence[TensorSpec]) -> dict[str, Any]:
        return {item.name: {"dtype": item.dtype, "shape": _shape(item.shape)} for item in specs}

    return {
        "kind": model.kind,
        "title": model.title,
        "size_bytes": model.size_bytes,
        "facts": dict(model.facts),
        "card": model.card,
        "inputs": tensors(model.inputs),
        "outputs": tensors(model.outputs),
        "operators": dict(model.operators),
    }


def _meta_value(meta: MetaGraph) -> dict[str, Any]:
    return {
        "tags": list(meta.tags),
        "tensorflow_version": meta.tensorflow_version,
        "signatures": {item.key: _signature_value(item) for item in meta.user_signatures},
        "functions": [
            _function_value(item) for item in (meta.objects.functions if meta.objects else ())
        ],
        "variables": [
            {
                "name": item.name,
                "path": item.path,
                "dtype": item.dtype,
                "shape": _shape(item.shape),
                "trainable": item.trainable,
            }
            for item in meta.variables
        ],
        "assets": [{"filename": item.filename, "exists": item.exists} for item in meta.assets],
        "init_op": meta.init_op or None,
        "operators": dict(sorted(meta.graph.op_counts.items())),
    }


def _signature_value(signature: Signature) -> dict[str, Any]:
    return {
        "method_name": signature.method_name,
        "inputs": {item.key: _tensor_value(item) for item in signature.inputs},
        "outputs": {item.key: _tensor_value(item) for item in signature.outputs},
    }


def _tensor_value(item: SignatureTensor) -> dict[str, Any]:
    return {
        "dtype": item.spec.dtype,
        "shape": _shape(item.spec.shape),
        "encoding": item.encoding,
        "tensors": list(item.tensor_names),
    }


def _function_value(function: Function) -> dict[str, Any]:
    return {
        "path": function.path,
        "declaration": declaration_text(function) or None,
        "traces": [
            {
                "name": trace.name,
                "arguments": [
                    {"name": name, "value": _value(value)}
                    for name, value in trace_arguments(function, trace)
                ],
                "output": _value(trace.output),
            }
            for trace in function.traces
        ],
    }


def _value(value: Value) -> Any:
    """A structure: tensors and literals are objects with a `type`, containers nest."""
    if isinstance(value, TensorSpec):
        return {"type": "tensor", "dtype": value.dtype, "shape": _shape(value.shape)}
    if isinstance(value, Literal):
        number = value.value
        finite = not isinstance(number, float) or number - number == 0
        return {"type": "literal", "value": number if finite else str(number)}
    if isinstance(value, TupleValue):
        kind = "list" if value.is_list else "tuple"
        return {"type": kind, "items": [_value(item) for item in value.items]}
    if isinstance(value, (DictValue, NamedTupleValue)):
        items = [{"key": key, "value": _value(item)} for key, item in value.items]
        kind = "dict" if isinstance(value, DictValue) else "namedtuple"
        return {"type": kind, "items": items}
    if isinstance(value, CompositeSpec):
        return {"type": "composite", "class": value.class_name, "text": str(value.state)}
    return {"type": "other", "text": str(value)}


def _store_value(store: VariableStore) -> dict[str, Any]:
    return {
        "error": store.error or None,
        "tensors": [
            {
                "name": item.name,
                "dtype": item.dtype,
                "shape": _shape(item.shape),
                "size_bytes": item.size,
            }
            for item in store.tensors
        ],
        "shards": [
            {"filename": item.filename, "size_bytes": item.size, "needed_bytes": item.needed}
            for item in store.shards
        ],
        "stray": list(store.stray),
        "checksums_verified": store.checksums_verified,
        "bad_checksums": list(store.bad_checksums),
    }


def _candidate_value(item: Candidate) -> dict[str, Any]:
    return {
        "tensor": item.spec.name,
        "dtype": item.spec.dtype,
        "shape": _shape(item.spec.shape),
        "evidence": list(item.evidence),
    }
