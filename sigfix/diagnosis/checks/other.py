"""Checks for models that are no SavedModels: names, ranks, and what a target cannot run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sigfix.describing.targets import Target
from sigfix.diagnosis.checks.specs import is_generic
from sigfix.diagnosis.checks.target import as_converted, check_nodes, check_types
from sigfix.diagnosis.rule import Finding
from sigfix.diagnosis.subject import few, finding
from sigfix.model import OtherModel, TensorSpec


def check_names(model: OtherModel) -> Iterator[Finding]:
    """SPC101 and SPC104, for every kind."""
    edges = _edges(model)
    for part, spec in edges:
        if not spec.has_known_rank:
            yield finding("SPC101", "the rank is unknown", part, (str(spec),))
    generic = [spec.name for _, spec in edges if is_generic(spec.name.removesuffix(":0"))]
    if generic:
        yield finding("SPC104", f"generic names: {few(generic)}")


def check_other(model: OtherModel, target: Target) -> Iterator[Finding]:
    """TGT, where there is a TensorFlow graph."""
    if model.graph is None:
        return
    if model.kind == "tfjs":  # what `convert` would have expressed is missing for good
        target = replace(target, expressed=frozenset())
    found = check_nodes(list(model.graph.nodes), model.graph, target, "")
    yield from as_converted(found, target) if model.kind == "tfjs" else found
    yield from check_types(_edges(model), target, "", None)


def _edges(model: OtherModel) -> list[tuple[str, TensorSpec]]:
    return [
        (f"{kind} {spec.name}", spec)
        for kind, specs in (("input", model.inputs), ("output", model.outputs))
        for spec in specs
    ]
