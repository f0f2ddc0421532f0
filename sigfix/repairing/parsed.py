"""Parsers of tf.Examples cut off a function, and what stands in front of the cut by itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sigfix.errors import BlockedError
from sigfix.model import node_of
from sigfix.planning.edits import AddSignature, FunctionSource, positions
from sigfix.reading.protos import message_class
from sigfix.reading.saved_model import load_message
from sigfix.repairing.child_answers import asked

CHILD = "sigfix.repairing.parsed_child"


@dataclass(frozen=True)
class Front:
    """The part of a model that makes the tensors of a cut: a GraphDef as bytes.

    `feeds` are the tensors of the source's own inputs, `fetches` those of the cut, both in the
    order of the edit's `parsed`.
    """

    graph: bytes
    feeds: tuple[str, ...]
    fetches: tuple[str, ...]


def without_parsers(meta_graph: Any, edit: AddSignature) -> dict[str, str]:
    """Add a copy without its parsers of the function that `edit` cuts; name -> copy's name.

    TensorFlow tells what the outputs of the function's operators are called, in a process of its
    own; nothing of the model is run. Raises `BlockedError` where the function cannot be cut.
    """
    if edit.parsed is None:
        return {}
    (head,) = edit.heads
    library = meta_graph.graph_def.library
    taken = {item.signature.name for item in library.function}
    name = f"{head.trace}_parsed"
    while name in taken:
        name += "_"
    answer = _asked(meta_graph, edit, head, name)
    library.function.append(message_class("FunctionDef").FromString(answer["function"]))
    return {head.trace: name}


def front_of(source: Path, meta_graph: int, edit: AddSignature) -> Front:
    """What stands in front of the cut of `edit`, in the SavedModel at `source`."""
    assert edit.parsed is not None
    message, _ = load_message(source)
    whole = message.meta_graphs[meta_graph]
    if edit.heads:
        answer = _asked(whole, edit, edit.heads[0], "front")
        return Front(answer["front"], tuple(answer["feeds"]), tuple(answer["fetches"]))
    nodes = {node.name: node for node in whole.graph_def.node}
    graph: Any = message_class("GraphDef")()
    graph.versions.CopyFrom(whole.graph_def.versions)
    graph.library.CopyFrom(whole.graph_def.library)
    pending, seen = [node_of(name) for name in edit.parsed.tensors], set[str]()
    while pending:
        name = pending.pop()
        if name in nodes and name not in seen:
            seen.add(name)
            graph.node.add().CopyFrom(nodes[name])
            pending += map(node_of, nodes[name].input)
    feeds = tuple(item.target for item in edit.parsed.inputs)
    return Front(graph.SerializeToString(), feeds, edit.parsed.tensors)


def _asked(meta_graph: Any, edit: AddSignature, head: FunctionSource, name: str) -> dict[str, Any]:
    assert edit.parsed is not None
    job = {
        "library": meta_graph.graph_def.library.SerializeToString(),
        "function": head.trace,
        "name": name,
        "captured": len(meta_graph.object_graph_def.concrete_functions[head.trace].bound_inputs),
        "kept": list(edit.parsed.kept),
        "tensors": list(edit.parsed.tensors),
        "results": sorted({place for out in edit.outputs for _, place in positions(out.source)}),
        "types": [item.dtype for item in edit.inputs[len(edit.parsed.kept) :]],
    }
    answer = asked(CHILD, job)
    if "refused" in answer:
        raise BlockedError(
            f"The parser of tf.Examples cannot be cut off {head.path}: {answer['refused']}.",
            "export the model again with a signature that takes the features",
        )
    return answer
