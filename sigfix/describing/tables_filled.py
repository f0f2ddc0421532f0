"""Which tables of a graph nothing fills before somebody looks something up in them."""

from __future__ import annotations

from sigfix.describing.operator_kinds import FILLING, INSERTING, TABLES
from sigfix.describing.running import Run, loading, of_signature
from sigfix.model import MetaGraph, Node


def unfilled_tables(meta: MetaGraph) -> list[Node]:
    """The tables of the graph itself that neither loading nor a signature fills.

    Loading runs the init op and restores variables; a collection of initialisers is not run by
    the loader that servers use.
    """
    tables = [node for node in meta.graph.nodes if node.op in TABLES]
    if not tables:
        return []
    runs = [loading(meta), *(of_signature(meta, item.key) for item in meta.user_signatures)]
    filled = {name for run in runs for name in _filled(run)}
    return [node for node in tables if node.name not in filled]


def _filled(run: Run) -> set[str]:
    return {
        origin.name
        for function, node in run.nodes
        if (node.op in FILLING or node.op in INSERTING) and node.data_inputs
        for origin in run.origins(function, node.data_inputs[0])
        if isinstance(origin, Node)
    }
