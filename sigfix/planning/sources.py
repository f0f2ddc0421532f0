"""Queues and iterators in front of a TF1 graph: a signature that waits for them is none."""

from __future__ import annotations

from sigfix.describing.sources import all_sources, results_behind, sources, told_sources
from sigfix.describing.switches import evident_value, needed
from sigfix.errors import BlockedError
from sigfix.model import MetaGraph, node_of
from sigfix.planning.edits import Candidate
from sigfix.planning.flatten import FlatTensor
from sigfix.planning.names import clean, make_unique
from sigfix.planning.traces import Ambiguous, Undecided
from sigfix.quoting import quote


def ask_behind(meta_graph: MetaGraph) -> None:
    """Raise `Undecided` where results are computed from a queue, an iterator and the like.

    Each with the options that feed what comes out of those, which whoever wants it has to ask for.
    """
    starved = all_sources(meta_graph)
    found = results_behind(meta_graph, starved) if starved else []
    if found:
        fed = _feeding(starved)
        names = make_unique([clean(node_of(item.spec.name).rpartition("/")[2]) for item in found])
        raise Undecided(
            Ambiguous(
                f"What the graph computes comes out of {told_sources(starved)}.",
                tuple(
                    Candidate(
                        f"{item.spec.name}: {item.spec}",
                        f"{fed} --output {quote(f'{name}={item.spec.name}')}",
                        item.evidence,
                    )
                    for item, name in zip(found, names, strict=True)
                ),
                "repeat --output for several of them",
            )
        )


def _feeding(tensors: list[str]) -> str:
    """The options that make inputs of tensors within the graph."""
    names = make_unique([clean(node_of(name)) for name in tensors])
    pairs = zip(names, tensors, strict=True)
    return " ".join(f"--input {quote(f'{name}:{tensor}')}" for name, tensor in pairs)


def refuse_starved(meta_graph: MetaGraph, outputs: list[str], inputs: list[FlatTensor]) -> None:
    """Raise `BlockedError` where a signature would wait for a queue, and no placeholder is fed.

    A switch for training is no such placeholder. The hint names the tensors to feed instead.
    """
    nodes = meta_graph.graph.by_name
    fed = {item.spec.name for item in inputs}
    starved = sources(needed(meta_graph, outputs, fed) - fed, meta_graph)
    placeholders = [
        item
        for item in inputs
        if nodes[node_of(item.spec.name)].op.startswith("Placeholder")
        and not evident_value(meta_graph, nodes[node_of(item.spec.name)])
    ]
    if not starved or placeholders:
        return
    raise BlockedError(
        f"{', '.join(outputs[:4])} would never be computed: it depends on no placeholder, and on "
        f"{told_sources(starved)}.",
        f"{_feeding(starved)}   # feeds the tensors themselves",
    )
