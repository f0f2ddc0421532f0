"""Which MetaGraph of a SavedModel is meant: the one answer of every command."""

from __future__ import annotations

from shlex import quote

from sigfix.describing.meta_graphs import SERVE, TRAIN, likeliest_meta_graphs
from sigfix.errors import BlockedError
from sigfix.model import MetaGraph, SavedModel
from sigfix.planning.edits import Candidate
from sigfix.planning.traces import Ambiguous, Undecided


def choose_meta_graph(model: SavedModel, tags: tuple[str, ...] | None) -> int:
    """The index of the MetaGraph with exactly `tags`; without, the only one, or that for serving.

    For serving is the one with the tag `serve` alone, else the only one with it among others, else
    the only one without tags. One for training is never taken by itself.

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
    if len(graphs) == 1:
        return 0
    for wanted in (
        [index for index in order if set(graphs[index].tags) == {SERVE}],
        [i for i in order if SERVE in graphs[i].tags and TRAIN not in graphs[i].tags],
        [index for index in order if not graphs[index].tags],
    ):
        if len(wanted) == 1:
            return wanted[0]
    raise Undecided(Ambiguous(f"{model.path} has {len(graphs)} MetaGraphs.", candidates))


def _candidate(meta_graph: MetaGraph) -> Candidate:
    tags, count = ",".join(meta_graph.tags), len(meta_graph.user_signatures)
    evidence = (f"{count} signature{'' if count == 1 else 's'}",)
    return Candidate(f"tags {tags or '(none)'}", f"--tags {quote(tags)}", evidence)
