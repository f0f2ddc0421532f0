"""Queues and iterators in front of a TF1 graph: what nothing fills once the model is loaded."""

from __future__ import annotations

from collections.abc import Collection

from sigfix.describing.switches import evident_value, needed
from sigfix.errors import BlockedError
from sigfix.model import MetaGraph, node_of
from sigfix.planning.flatten import FlatTensor
from sigfix.planning.names import clean, make_unique
from sigfix.quoting import quote

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


def told_sources(tensors: list[str]) -> str:
    """`a queue or an iterator (batch:0), which ...`."""
    told = ", ".join(tensors[:4])
    return f"a queue or an iterator ({told}), which nothing fills once the model is loaded"


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
    names = make_unique([clean(node_of(name)) for name in starved])
    ways = [f"--input {quote(f'{name}:{item}')}" for name, item in zip(names, starved, strict=True)]
    raise BlockedError(
        f"{', '.join(outputs[:4])} would never be computed: it depends on no placeholder, and on "
        f"{told_sources(starved)}.",
        " ".join([*ways, "  # feeds the tensors themselves"]),
    )
