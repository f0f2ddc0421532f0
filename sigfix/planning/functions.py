"""Which function of the object graph a signature is built from, ranked with the evidence."""

from __future__ import annotations

from collections.abc import Mapping

from sigfix.describing.functions import (
    KERAS_BOOKKEEPING,
    USUAL_NAMES,
    callable_functions,
    competing,
    last_name,
)
from sigfix.errors import BlockedError
from sigfix.model import Function, MetaGraph, ObjectGraph
from sigfix.planning.edits import Candidate
from sigfix.quoting import quote


def find_function(objects: ObjectGraph, path: str) -> Function:
    """The function at `path`. Raises `BlockedError` naming those that there are."""
    by_path = {function.path: function for function in objects.functions}
    found = by_path.get(path) or by_path.get(f"{path}.__call__")
    if found is not None and found.traces:
        return found
    if found is not None:
        raise BlockedError(
            f"{path} was never called before the model was saved, so it holds no graph.",
            "choose another function, or save the model again after calling it",
        )
    known = ", ".join(function.path for function in callable_functions(objects)[:12])
    raise BlockedError(
        f"There is no function {path} in the object graph.",
        f"there are: {known}" if known else "the object graph has no callable function at all",
    )


def rank_functions(
    meta_graph: MetaGraph,
) -> tuple[list[tuple[Function, Candidate]], Mapping[str, tuple[str, ...]]]:
    """The functions that compete for the signature, the likeliest first, with the evidence.

    And those of training and evaluation, which do not compete, with what makes them so.
    """
    objects = meta_graph.objects
    functions = callable_functions(objects) if objects is not None else []
    found = competing(meta_graph, functions)
    return [(item, _candidate(item)) for item in found.functions], found.training


def _candidate(function: Function) -> Candidate:
    name = last_name(function)
    evidence = [f"{len(function.traces)} trace" + ("s" if len(function.traces) > 1 else "")]
    if name == "__call__":
        evidence.append("calling the object runs it")
    elif name in USUAL_NAMES:
        evidence.append("a usual name for inference")
    if name in KERAS_BOOKKEEPING:
        evidence.append(KERAS_BOOKKEEPING[name])
    if "." in function.path:
        evidence.append("of a submodule")
    return Candidate(function.path, f"--function {quote(function.path)}", tuple(evidence))


def signature_function(meta_graph: MetaGraph, key: str) -> Function | None:
    """The concrete function behind a signature in the object graph, None where it has none."""
    objects = meta_graph.objects
    node_id = None if objects is None else objects.signature_ids.get(key)
    if objects is None or node_id is None:
        return None
    names = objects.nodes[node_id].concrete_functions
    traces = tuple(objects.traces[name] for name in names if name in objects.traces)
    if not traces:
        return None
    return Function(
        path=f"signatures.{key}",
        node_id=node_id,
        traces=traces,
        argument_names=tuple(key for key, _ in traces[0].kwargs.items),
        is_bare=True,
    )
