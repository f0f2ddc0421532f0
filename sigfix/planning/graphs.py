"""Inputs and outputs of a TF1 graph without a signature: placeholders and sinks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sigfix.describing.candidates import Candidate as TensorCandidate
from sigfix.describing.candidates import input_candidates, output_candidates
from sigfix.describing.operators import tensor_dtype
from sigfix.describing.sources import sources
from sigfix.describing.switches import (
    left_placeholders,
    needed,
    unfed_binding,
    unfed_placeholders,
)
from sigfix.describing.training_graph import PLACEHOLDER_OPS
from sigfix.errors import BlockedError
from sigfix.model import (
    MetaGraph,
    Signature,
    TensorSpec,
    as_shape,
    full_name,
    node_of,
    output_index,
)
from sigfix.planning.choices import Choices
from sigfix.planning.edits import Candidate
from sigfix.planning.flatten import FlatTensor
from sigfix.planning.names import clean, input_names, make_unique
from sigfix.planning.sources import ask_behind
from sigfix.quoting import quote

UNLIKELY = 0
"""Outputs of this rank and below (training, bookkeeping) do not compete with better ones."""


OUTPUT_COLLECTIONS = (
    "outputs", "output", "output_tensors", "output_tensor", "predictions", "prediction", "predict",
    "predict_op", "predict_ops", "inference", "inference_op", "logits", "probabilities", "scores",
)  # fmt: skip
"""Names of collections in which authors keep what the model is for, the most telling first."""


def placeholders(meta_graph: MetaGraph, named: Collection[str] = ()) -> list[TensorSpec]:
    """What has to be fed, in the graph's order: placeholders without a default, or `named`.

    One whose default comes out of a queue or an iterator has none in a model that is loaded.
    """
    order = {node.name: index for index, node in enumerate(meta_graph.graph.nodes)}
    found = [
        item.spec
        for item in input_candidates(meta_graph)
        if _has_to_be_fed(meta_graph, node_of(item.spec.name), named)
    ]
    return sorted(found, key=lambda spec: order[node_of(spec.name)])


def _has_to_be_fed(meta_graph: MetaGraph, name: str, named: Collection[str]) -> bool:
    node = meta_graph.graph.by_name[name]
    if node.op != "PlaceholderWithDefault" or {name, clean(name)} & set(named):
        return True
    return bool(sources(needed(meta_graph, node.data_inputs), meta_graph))


def tensor_spec(meta_graph: MetaGraph, tensor: str) -> TensorSpec:
    """The spec of a top-level tensor. Raises `BlockedError` where it does not exist."""
    name = full_name(tensor)
    graph = meta_graph.graph
    node = graph.by_name.get(node_of(name))
    if node is None:
        near = [item.spec.name for item in output_candidates(meta_graph)][:6]
        raise BlockedError(
            f"There is no tensor {tensor} in the graph.",
            "there are, for example: " + ", ".join(near) if near else None,
        )
    dtype = tensor_dtype(graph, name)
    if dtype is None or not name.rpartition(":")[2].isdecimal():
        raise BlockedError(f"The dtype of {name} ({node.op}) cannot be told from the graph.")
    shapes = node.attributes.get("_output_shapes")
    if node.op in PLACEHOLDER_OPS and isinstance(node.attributes.get("shape"), tuple):
        return TensorSpec(dtype, as_shape(node.attributes["shape"]), name)
    index = output_index(name)
    if isinstance(shapes, tuple) and index < len(shapes):
        return TensorSpec(dtype, as_shape(shapes[index]), name)
    return TensorSpec(dtype, None, name)


def graph_inputs(meta_graph: MetaGraph, outputs: list[str], choices: Choices) -> list[FlatTensor]:
    """The placeholders that `outputs` depend on, in the graph's order.

    One with a default is among them where an option names it, and so is a tensor within the graph
    that `--input NAME:TENSOR` names in full: whoever runs a SignatureDef may feed any tensor.
    """
    inner = [
        tensor_spec(meta_graph, item.target)
        for item in choices.inputs
        if item.target is not None and _is_inner(meta_graph, item.target)
    ]
    reached = needed(meta_graph, outputs, {spec.name for spec in inner})
    given = placeholders(meta_graph, _mentioned(choices))
    found = [spec for spec in (*given, *inner) if full_name(spec.name) in reached]
    names = input_names([clean(node_of(spec.name)) for spec in found])
    return [
        FlatTensor(-1 - index, node_of(spec.name), name, spec)
        for index, (spec, name) in enumerate(zip(found, names, strict=True))
    ]


def _is_inner(meta_graph: MetaGraph, target: str) -> bool:
    node = meta_graph.graph.by_name.get(node_of(target))
    return node is not None and ":" in target and node.op not in PLACEHOLDER_OPS


def _collected(meta_graph: MetaGraph) -> list[str]:
    """The tensors that the author put into a collection of outputs, where there is one."""
    by_name = {name.lower(): item for name, item in meta_graph.collections.items()}
    for name in OUTPUT_COLLECTIONS:
        collection = by_name.get(name)
        values = [str(value) for value in collection.values] if collection is not None else []
        tensors = [value for value in values if ":" in value]
        if tensors and all(node_of(value) in meta_graph.graph.by_name for value in tensors):
            return list(dict.fromkeys(tensors))
    return []


def choose_outputs(
    meta_graph: MetaGraph, choices: Choices
) -> tuple[list[FlatTensor], tuple[Candidate, ...]]:
    """The outputs that `--output` names, those of a collection of outputs, or the only sink.

    Else none, and the sinks as candidates.

    Raises `BlockedError` where the graph has neither placeholders nor results.
    """
    if choices.outputs:
        named = [
            FlatTensor(-1 - index, tensor, name, tensor_spec(meta_graph, tensor))
            for index, (name, tensor) in enumerate(choices.outputs)
        ]
        return named, ()
    if not placeholders(meta_graph):
        ask_behind(meta_graph)
        raise BlockedError(
            "The graph has no placeholder that an input could be fed to.",
            "name tensors with --input NAME:TENSOR and --output NAME=TENSOR",
        )
    collected = _collected(meta_graph)
    if collected:
        names = make_unique([clean(node_of(name).rpartition("/")[2]) for name in collected])
        return [
            FlatTensor(-1 - index, tensor, name, tensor_spec(meta_graph, tensor))
            for index, (tensor, name) in enumerate(zip(collected, names, strict=True))
        ], ()
    found = output_candidates(meta_graph)
    likely = [item for item in found if item.rank > UNLIKELY] or found
    if not likely:
        ask_behind(meta_graph)
        raise BlockedError(
            "No tensor of the graph depends on a placeholder and is left unread.",
            "name one with --output NAME=TENSOR",
        )
    if all(item.of_training for item in likely):
        tensors = [item.spec.name for item in likely]
        raise BlockedError(
            f"All that the graph computes from its placeholders belongs to training or evaluation: "
            f"{', '.join(tensors[:4])}. None of it is made an output by itself: --output "
            "NAME=TENSOR names the result, or insists.",
            _candidates(likely)[0].choose,
        )
    if len({item.given_to or node_of(item.spec.name) for item in likely}) == 1:
        names = make_unique([clean(item.spec.name.rpartition("/")[2]) for item in likely])
        return [
            FlatTensor(-1 - index, item.spec.name, name, item.spec)
            for index, (item, name) in enumerate(zip(likely, names, strict=True))
        ], ()
    return [], _candidates(likely)


def _candidates(items: list[TensorCandidate]) -> tuple[Candidate, ...]:
    """Each with a name that no other has: of two `BiasAdd`, what they lie in tells which."""
    names = [node_of(item.spec.name) for item in items]
    short = [clean(name.rpartition("/")[2]) for name in names]
    told = make_unique(
        clean("_".join(name.split("/")[-2:])) if short.count(last) > 1 else last
        for name, last in zip(names, short, strict=True)
    )
    return tuple(_candidate(item, name) for item, name in zip(items, told, strict=True))


def _candidate(item: TensorCandidate, name: str) -> Candidate:
    return Candidate(
        f"{item.spec.name}: {item.spec}",
        "--output " + quote(f"{name}={item.spec.name}"),
        item.evidence,
    )


def refuse_unfed(meta_graph: MetaGraph, key: str, choices: Choices | None = None) -> None:
    """Raise `BlockedError` where a signature needs placeholders that nothing gives a value."""
    signature = meta_graph.signature(key)
    unfed = [] if signature is None else unfed_placeholders(meta_graph, signature)
    named = _mentioned(choices) if choices is not None else set()
    missing = [node for node in unfed if not {node.name, clean(node.name)} & named]
    if not missing:
        return
    bindings = [unfed_binding(meta_graph, node) for node in missing]
    ways = " ".join(
        f"--bind {quote(binding or f'{node.name}=VALUE')}"
        for node, binding in zip(missing, bindings, strict=True)
    )
    raise BlockedError(
        f"Signature {key} can never run: it needs {', '.join(node.name for node in missing)}, "
        "which no input feeds. --bind NAME=VALUE gives the value at inference, --input "
        "NAME:TENSOR makes it an input.",
        ways,
    )


def mentioned_unfed(
    meta_graph: MetaGraph, signature: Signature, choices: Choices, inputs: list[FlatTensor]
) -> list[FlatTensor]:
    """The placeholders that a signature needs and does not feed, and that an option names.

    One with a default is among them: its default may mean training.
    """
    named = _mentioned(choices)
    taken = [item.name for item in inputs]
    fed = {node_of(item.spec.name) for item in inputs}
    found = [
        node
        for node in left_placeholders(meta_graph, signature)
        if {node.name, clean(node.name)} & named and node.name not in fed
    ]
    names = make_unique([*taken, *(clean(node.name) for node in found)])[len(taken) :]
    return [
        FlatTensor(-1 - len(inputs) - index, node.name, name, tensor_spec(meta_graph, node.name))
        for index, (node, name) in enumerate(zip(found, names, strict=True))
    ]


def named_tensors(
    meta_graph: MetaGraph, inputs: list[FlatTensor], outputs: list[FlatTensor], choices: Choices
) -> tuple[list[FlatTensor], list[FlatTensor]]:
    """A signature's tensors with those of the graph that `--input` and `--output` name instead.

    An input whose tensor is not in the graph becomes the one that is named for it; what `--output`
    names may be any tensor, as of a graph without signatures.
    """
    recorded = {name for item in outputs for name in (item.name, item.path, item.spec.name)}
    declared = {item.name: item.spec.shape for item in outputs}
    more: list[FlatTensor] = []
    for name, tensor in choices.outputs:
        if tensor not in recorded:
            spec = tensor_spec(meta_graph, tensor)
            if spec.shape is None:  # then what the signature says, which is compared
                spec = replace(spec, shape=declared.get(name))
            more.append(FlatTensor(-1 - len(outputs) - len(more), tensor, tensor, spec))
    wanted = {item.name: item.target for item in choices.inputs if item.target is not None}
    nodes = meta_graph.graph.by_name
    replaced = [
        replace(item, path=target, spec=tensor_spec(meta_graph, target))
        if (target := wanted.get(item.name)) and node_of(item.spec.name) not in nodes
        else item
        for item in inputs
    ]
    return replaced, [*outputs, *more]


def _mentioned(choices: Choices) -> set[str]:
    named = {name for name, _ in choices.bind} | {
        item.target or item.name for item in choices.inputs
    }
    return {name.removesuffix(":0") for name in named}


def signature_tensors(signature: Signature) -> tuple[list[FlatTensor], list[FlatTensor]]:
    """A SignatureDef's own inputs and outputs. Raises `BlockedError` for composite ones."""
    both = []
    for items in (signature.inputs, signature.outputs):
        flat = []
        for index, item in enumerate(items):
            if item.encoding != "dense":
                raise BlockedError(
                    f"{item.key} of {signature.key} is {item.encoding}; it can be aliased, not "
                    "changed."
                )
            flat.append(FlatTensor(-1 - index, item.key, item.key, item.spec))
        both.append(flat)
    return both[0], both[1]
