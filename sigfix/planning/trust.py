"""What an untrusted model must not be run for: operators that reach out of it.

`inspect` reports them (BEH305, BEH306); here is what `repair`, `verify` and `convert` ask before
they execute anything, by the same table.
"""

from __future__ import annotations

from collections.abc import Iterable

from sigfix.describing import running
from sigfix.describing.effects import reaching
from sigfix.describing.running import Run
from sigfix.errors import BlockedError
from sigfix.model import MetaGraph, SavedModel
from sigfix.planning.edits import (
    AddSignature,
    AliasSignature,
    AttachSignature,
    Edit,
    GraphSource,
    Plan,
)


def refuse_reaching(
    described: SavedModel, meta_graph: int, runs: Iterable[Run], trust: bool, hint: str
) -> None:
    """Raise `BlockedError` where running `runs`, or loading, reaches out of an untrusted model."""
    found = reaching(running.loading(described.meta_graphs[meta_graph]), *runs)
    if found and not trust:
        raise BlockedError(
            f"Running {described.path} reaches out of it: {', '.join(map(str, found))}.", hint
        )


def runs_of_plan(described: SavedModel, plan: Plan) -> list[Run]:
    """What comparing the plan's signatures with their sources executes."""
    meta = described.meta_graphs[plan.meta_graph]
    runs = (run_of_edit(meta, edit) for edit in plan.edits)
    return [run for run in runs if run is not None]


def run_of_edit(meta: MetaGraph, edit: Edit) -> Run | None:
    """What comparing a signature that an edit makes executes; None for an edit of metadata."""
    if isinstance(edit, AliasSignature):
        return running.of_signature(meta, edit.of)
    if isinstance(edit, AttachSignature):
        return running.of_signature(meta, edit.key)
    if isinstance(edit, AddSignature):
        return _run_of(meta, edit)
    return None


def _run_of(meta: MetaGraph, edit: AddSignature) -> Run:
    if isinstance(edit.source, GraphSource):
        return running.of_tensors(meta, [output.source for output in edit.outputs])
    return running.of_functions(meta, [head.trace for head in edit.heads])
