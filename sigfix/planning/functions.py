"""Which function of the object graph a signature is built from, ranked with the evidence."""

from __future__ import annotations

from sigfix.errors import BlockedError
from sigfix.model import CompositeSpec, Function, MetaGraph, ObjectGraph, TensorSpec, leaves
from sigfix.planning.edits import Candidate

KERAS_BOOKKEEPING = {
    "call_and_return_all_conditional_losses": "Keras' own, returns losses too",
    "call_and_return_conditional_losses": "Keras' own, returns losses too",
    "_default_save_signature": "Keras' own copy of the call",
}
RESOURCE_METHODS = frozenset({"_create_resource", "_initialize", "_destroy_resource"})
USUAL_NAMES = ("__call__", "serve", "predict", "call", "forward", "infer", "inference")


def callable_functions(objects: ObjectGraph) -> list[Function]:
    """The functions somebody can call: traced ones, without their traces and resource methods."""
    paths = {function.path for function in objects.functions if not function.is_bare}
    return [
        function
        for function in objects.functions
        if function.traces
        and function.path.rpartition(".")[2] not in RESOURCE_METHODS
        and function.path.rpartition(".")[0] not in paths
        and not function.path.startswith(("signatures.", "keras_api."))
    ]


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


def rank_functions(objects: ObjectGraph) -> list[tuple[Function, Candidate]]:
    """The functions that compete, the likeliest first.

    Functions of the root compete with each other; those of submodules are parts of the whole
    and only count where the root has none. Keras' bookkeeping, and functions without a tensor
    argument (`vocab_size`), count where nothing else does.
    """
    functions = callable_functions(objects)
    own = [item for item in functions if _name(item) not in KERAS_BOOKKEEPING]
    functions = own or functions
    if not functions:
        return []
    functions = [item for item in functions if _takes_tensors(item)] or functions
    depth = min(item.path.count(".") for item in functions)
    functions = [item for item in functions if item.path.count(".") == depth]
    functions.sort(key=lambda item: (_usual(item), item.path))
    return [(function, _candidate(function)) for function in functions]


def _takes_tensors(function: Function) -> bool:
    return any(
        isinstance(leaf, (TensorSpec, CompositeSpec))
        for trace in function.traces
        for structure in (trace.args, trace.kwargs)
        for _, leaf in leaves(structure)
    )


def _name(function: Function) -> str:
    return function.path.rpartition(".")[2]


def _usual(function: Function) -> int:
    name = _name(function)
    return USUAL_NAMES.index(name) if name in USUAL_NAMES else len(USUAL_NAMES)


def _candidate(function: Function) -> Candidate:
    name = _name(function)
    evidence = [f"{len(function.traces)} trace" + ("s" if len(function.traces) > 1 else "")]
    if name == "__call__":
        evidence.append("calling the object runs it")
    elif name in USUAL_NAMES:
        evidence.append("a usual name for inference")
    if name in KERAS_BOOKKEEPING:
        evidence.append(KERAS_BOOKKEEPING[name])
    if "." in function.path:
        evidence.append("of a submodule")
    return Candidate(function.path, f"--function {function.path}", tuple(evidence))


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
