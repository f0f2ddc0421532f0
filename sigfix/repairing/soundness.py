"""Whether a model can be edited at all: its object graph refers to objects that are there.

`reading` leaves out what refers to nothing, so such a model is described and diagnosed. Editing
follows the references, and TensorFlow loads no model that has a broken one.
"""

from __future__ import annotations

from typing import Any

from sigfix.errors import BlockedError


def refuse_broken(meta_graph: Any) -> None:
    """Raise `BlockedError` where the object graph names an object that is not there."""
    objects = meta_graph.object_graph_def
    count = len(objects.nodes)
    for node_id, node in enumerate(objects.nodes):
        for reference in (*node.children, *node.dependencies):
            if not 0 <= reference.node_id < count:
                raise _broken(f"object {node_id}", reference.local_name, reference.node_id, count)
    for name in sorted(objects.concrete_functions):
        for node_id in objects.concrete_functions[name].bound_inputs:
            if not 0 <= node_id < count:
                raise _broken(f"function {name}", "a capture", node_id, count)


def _broken(owner: str, what: str, node_id: int, count: int) -> BlockedError:
    return BlockedError(
        f"The model's object graph is broken: {owner} has {what} at object {node_id}, and there are"
        f" {count} objects. TensorFlow cannot load it either.",
        "copy or save the model again",
    )
