"""Queues and iterators in front of a TF1 graph: what nothing fills once the model is loaded."""

from __future__ import annotations

from collections.abc import Collection

from sigfix.describing.candidates import Candidate, output_candidates
from sigfix.model import MetaGraph, full_name, node_of

_KINDS = {
    **dict.fromkeys(
        (
            "QueueDequeue", "QueueDequeueV2", "QueueDequeueMany", "QueueDequeueManyV2",
            "QueueDequeueUpTo", "QueueDequeueUpToV2",
        ),
        "queue",
    ),
    **dict.fromkeys(
        ("IteratorGetNext", "IteratorGetNextSync", "IteratorGetNextAsOptional"), "iterator"
    ),
    **dict.fromkeys(("Unstage", "StagePeek", "MapUnstage", "OrderedMapUnstage"), "staging area"),
    **dict.fromkeys(("ReaderRead", "ReaderReadV2", "ReaderReadUpTo", "ReaderReadUpToV2"), "reader"),
}  # fmt: skip
"""Operators that take out what the training script put in -> what they take it from."""


def sources(tensors: Collection[str], meta_graph: MetaGraph) -> list[str]:
    """Those of the tensors that come out of a queue, an iterator and the like, sorted."""
    nodes = meta_graph.graph.by_name
    found = [name for name in tensors if node_of(name) in nodes]
    return sorted(name for name in found if nodes[node_of(name)].op in _KINDS)


def all_sources(meta_graph: MetaGraph) -> list[str]:
    """Every tensor of the graph that comes out of a queue, an iterator and the like."""
    return sources({full_name(node.name) for node in meta_graph.graph.nodes}, meta_graph)


def told_sources(tensors: list[str]) -> str:
    """`a queue or an iterator (batch:0), which ...`."""
    told = ", ".join(tensors[:4])
    return f"a queue or an iterator ({told}), which nothing fills once the model is loaded"


def results_behind(meta_graph: MetaGraph, tensors: list[str]) -> list[Candidate]:
    """What is computed from such tensors and could be a result, most likely first."""
    found = output_candidates(meta_graph, tensors)
    return [item for item in found if item.rank > 0 and not item.of_training]
