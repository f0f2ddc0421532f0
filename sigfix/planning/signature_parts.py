"""Which inputs of a signature are the parts of one sparse or ragged tensor.

`tf.saved_model.save` writes a function's RaggedTensor `words` as `words` (its values) and `words_1`
(its row splits), a SparseTensor as `bag`, `bag_1` and `bag_2`: plain tensors, which say nothing of
each other. The function that the signature was made of still knows.
"""

from __future__ import annotations

from sigfix.describing.functions import callable_functions
from sigfix.errors import BlockedError
from sigfix.model import Function, GraphFunction, MetaGraph, Signature, Trace
from sigfix.planning.edits import Component
from sigfix.planning.flatten import FlatTensor, flat_inputs


def signature_parts(meta: MetaGraph, signature: Signature) -> dict[str, Component]:
    """What the inputs are parts of, by key; others are not in it."""
    if meta.objects is None:
        return {}
    for function in callable_functions(meta.objects):
        for trace in function.traces:
            body = meta.graph.function_by_name.get(trace.name)
            found = _parts(function, trace, body, signature) if body is not None else {}
            if found:
                return found
    return {}


def _parts(
    function: Function, trace: Trace, body: GraphFunction, signature: Signature
) -> dict[str, Component]:
    try:
        flat = flat_inputs(function, trace, body)
    except BlockedError:  # a structure that is not known flattens in a way that is not known
        return {}
    groups: dict[str, list[FlatTensor]] = {}
    for item in flat:
        if item.component is not None:
            groups.setdefault(item.component.of, []).append(item)
    dtypes = {item.key: item.spec.dtype for item in signature.inputs}
    if not groups or len(flat) != len(dtypes):
        return {}
    found: dict[str, Component] = {}
    for name, items in groups.items():
        for place, item in enumerate(items):
            key = f"{name}_{place}" if place else name
            if dtypes.get(key) != item.spec.dtype or item.component is None:
                return {}
            found[key] = item.component
    return found
