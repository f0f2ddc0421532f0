"""One signature with the heads of several: the same inputs, all outputs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sigfix.errors import BlockedError
from sigfix.model import MetaGraph
from sigfix.planning.edits import FunctionSource, GraphSource, MergedSource
from sigfix.planning.flatten import FlatTensor, flat_inputs, flat_outputs
from sigfix.planning.functions import signature_function
from sigfix.planning.graphs import signature_tensors
from sigfix.planning.names import make_unique
from sigfix.planning.signatures import require


@dataclass(frozen=True)
class Merged:
    """What the merged signature calls, and its tensors before the user's changes."""

    source: MergedSource | GraphSource
    inputs: list[FlatTensor]
    outputs: list[FlatTensor]


def merge(meta_graph: MetaGraph, keys: tuple[str, ...]) -> Merged:
    """The signatures `keys` as one.

    Heads share an input of the same name. An output name that two heads use is prefixed with the
    head's key. Raises `BlockedError` where inputs of one name cannot be fed as one.
    """
    for key in keys:
        require(meta_graph, key)
    if meta_graph.objects is not None:
        return _merge_functions(meta_graph, keys)
    heads = [signature_tensors(require(meta_graph, key)) for key in keys]
    inputs: dict[str, FlatTensor] = {}
    for key, (own_inputs, _) in zip(keys, heads, strict=True):
        for tensor in own_inputs:
            known = inputs.setdefault(tensor.name, tensor)
            if known.spec.name != tensor.spec.name:
                raise BlockedError(
                    f"The input {tensor.name} is {known.spec.name} in one signature and "
                    f"{tensor.spec.name} in {key}: they cannot be fed as one.",
                )
    return Merged(
        GraphSource("signatures " + ", ".join(keys)),
        [replace(tensor, position=-1 - index) for index, tensor in enumerate(inputs.values())],
        _renumber(keys, [outputs for _, outputs in heads], -1),
    )


def _merge_functions(meta_graph: MetaGraph, keys: tuple[str, ...]) -> Merged:
    library = meta_graph.graph.function_by_name
    sources, outputs = [], []
    inputs: dict[str, FlatTensor] = {}
    for head, key in enumerate(keys):
        function = signature_function(meta_graph, key)
        if function is None or function.traces[0].name not in library:
            raise BlockedError(f"Signature {key} has no function in the object graph.")
        trace = function.traces[0]
        graph = library[trace.name]
        sources.append(FunctionSource(function.path, trace.name))
        for tensor in flat_inputs(function, trace, graph):
            target = f"{head}:{tensor.position}"
            known = inputs.get(tensor.name)
            if known is None:
                inputs[tensor.name] = replace(tensor, merged=target)
                continue
            if (known.spec.dtype, known.spec.shape) != (tensor.spec.dtype, tensor.spec.shape):
                raise BlockedError(
                    f"The input {tensor.name} is {known.spec} in one signature and {tensor.spec} "
                    f"in {key}: they cannot be fed as one.",
                )
            inputs[tensor.name] = replace(known, merged=f"{known.merged},{target}")
        outputs.append(
            [
                replace(tensor, merged=f"{head}:{tensor.position}")
                for tensor in flat_outputs(trace, graph)
            ]
        )
    return Merged(
        MergedSource(tuple(sources)),
        [replace(tensor, position=index) for index, tensor in enumerate(inputs.values())],
        _renumber(keys, outputs, 1),
    )


def _renumber(keys: tuple[str, ...], heads: list[list[FlatTensor]], sign: int) -> list[FlatTensor]:
    """All outputs in one list, positions upwards (downwards for the graph's), names unique."""
    flat = [(key, tensor) for key, tensors in zip(keys, heads, strict=True) for tensor in tensors]
    plain = [tensor.name for _, tensor in flat]
    names = make_unique(
        [f"{key}_{item.name}" if plain.count(item.name) > 1 else item.name for key, item in flat]
    )
    return [
        replace(tensor, name=name, position=index if sign > 0 else -1 - index)
        for index, ((_, tensor), name) in enumerate(zip(flat, names, strict=True))
    ]
