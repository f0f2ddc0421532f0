"""How two models differ: tags, signatures, functions, operators, variables."""

from __future__ import annotations

from dataclasses import dataclass

from sigfix.describing.callables import signature_text, trace_text
from sigfix.model import MetaGraph, SavedModel, StoredTensor, format_shape

BOOKKEEPING = frozenset({"_CHECKPOINTABLE_OBJECT_GRAPH"})
"""Entries of the variable index that are no variables."""


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same: '' where one of the models does not have it."""

    area: str
    name: str
    left: str
    right: str


def compare_models(left: SavedModel, right: SavedModel) -> list[Difference]:
    """Every difference between two models, MetaGraph by MetaGraph (paired by tags, then order).

    Variables are compared by name, dtype, shape and the checksum of their bytes.
    """
    found: list[Difference] = []
    for one, other in _pairs(left, right):
        tags = ",".join((one or other or left.meta_graphs[0]).tags)
        scope = f"[{tags}] " if max(len(left.meta_graphs), len(right.meta_graphs)) > 1 else ""
        if one is None or other is None:
            found.append(
                Difference(
                    "MetaGraph", f"[{tags}]", *("there" if item else "" for item in (one, other))
                )
            )
            continue
        for area, read in _AREAS:
            found += _compare(area, scope, read(one), read(other))
    found += _compare("variable", "", _stored(left), _stored(right))
    return found


def _pairs(left: SavedModel, right: SavedModel) -> list[tuple[MetaGraph | None, MetaGraph | None]]:
    if len(left.meta_graphs) == len(right.meta_graphs) == 1:
        return [(left.meta_graphs[0], right.meta_graphs[0])]
    rest = list(right.meta_graphs)
    pairs: list[tuple[MetaGraph | None, MetaGraph | None]] = []
    for item in left.meta_graphs:
        same = next((other for other in rest if set(other.tags) == set(item.tags)), None)
        if same is not None:
            rest.remove(same)
        pairs.append((item, same))
    return pairs + [(None, item) for item in rest]


def _compare(
    area: str, scope: str, left: dict[str, str], right: dict[str, str]
) -> list[Difference]:
    return [
        Difference(area, f"{scope}{name}", left.get(name, ""), right.get(name, ""))
        for name in sorted({*left, *right})
        if left.get(name, "") != right.get(name, "")
    ]


def _tags(meta_graph: MetaGraph) -> dict[str, str]:
    return {"tags": ",".join(sorted(meta_graph.tags)) or "none"}


def _signatures(meta_graph: MetaGraph) -> dict[str, str]:
    return {
        item.key: f"{signature_text(item)} {item.method_name}".rstrip()
        for item in meta_graph.user_signatures
    }


def _functions(meta_graph: MetaGraph) -> dict[str, str]:
    if meta_graph.objects is None:
        return {}
    paths = {item.path for item in meta_graph.objects.functions}
    return {
        item.path: "; ".join(sorted(trace_text(item, trace) for trace in item.traces)) or "no trace"
        for item in meta_graph.objects.functions
        if item.path.rpartition(".")[0] not in paths  # not the traces, which are children
    }


def _operators(meta_graph: MetaGraph) -> dict[str, str]:
    return {name: str(count) for name, count in meta_graph.graph.op_counts.items()}


def _declared(meta_graph: MetaGraph) -> dict[str, str]:
    return {
        item.path or item.name: f"{item.dtype}{format_shape(item.shape)}"
        for item in meta_graph.variables
    }


_AREAS = (
    ("tags", _tags),
    ("signature", _signatures),
    ("function", _functions),
    ("operator", _operators),
    ("variable", _declared),
)


def _stored(model: SavedModel) -> dict[str, str]:
    if model.variables is None:
        return {}
    return {
        f"stored {item.name}": _stored_text(item)
        for item in model.variables.tensors
        if item.name not in BOOKKEEPING
    }


def _stored_text(item: StoredTensor) -> str:
    return f"{item.dtype}{format_shape(item.shape)} checksum {item.crc32c:08x}"
