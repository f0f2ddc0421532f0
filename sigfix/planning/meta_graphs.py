"""Which MetaGraph of a SavedModel is meant: the one answer of every command."""

from __future__ import annotations

from sigfix.describing.meta_graphs import (
    likeliest_meta_graphs,
    meant_meta_graph,
    trainers,
)
from sigfix.errors import BlockedError
from sigfix.model import MetaGraph, SavedModel
from sigfix.planning.edits import Candidate
from sigfix.planning.traces import Ambiguous, Undecided
from sigfix.quoting import quote


def choose_meta_graph(model: SavedModel, tags: tuple[str, ...] | None) -> int:
    """The index of the MetaGraph with exactly `tags`; without, the one that is meant.

    One for training is never taken by itself, unless it is the only one.

    Raises `Undecided` where several are left, `BlockedError` where there is none.
    """
    graphs = model.meta_graphs
    if not graphs:
        raise BlockedError(f"{model.path}: the SavedModel has no MetaGraph.")
    order = likeliest_meta_graphs(model)
    candidates = tuple(_candidate(graphs[index]) for index in order)
    if tags is not None:
        found = [index for index in order if set(graphs[index].tags) == set(tags)]
        if not found:
            raise BlockedError(
                f"No MetaGraph of {model.path} has exactly the tags {','.join(tags) or '(none)'}.",
                "; ".join(candidate.choose for candidate in candidates),
            )
        return found[0]
    meant = meant_meta_graph(model)
    if meant is not None:
        return meant
    training = trainers(model)
    likely = tuple(
        candidate
        for index, candidate in zip(order, candidates, strict=True)
        if index not in training
    )
    raise Undecided(Ambiguous(f"{model.path} has {len(graphs)} MetaGraphs.", likely or candidates))


def _candidate(meta_graph: MetaGraph) -> Candidate:
    tags, count = ",".join(meta_graph.tags), len(meta_graph.user_signatures)
    evidence = (f"{count} signature{'' if count == 1 else 's'}",)
    return Candidate(f"tags {tags or '(none)'}", f"--tags {quote(tags)}", evidence)
