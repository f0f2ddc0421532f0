"""A description and the user's choices -> a `Plan`. Nothing here reads, writes or executes."""

from __future__ import annotations

from dataclasses import replace

from sigfix.errors import BlockedError
from sigfix.model import DEFAULT_SERVING_KEY, Function, MetaGraph, SavedModel, Trace
from sigfix.planning import signatures as existing
from sigfix.planning.choices import Choices
from sigfix.planning.edits import (
    GRAPH,
    OPTION,
    SIGNATURE,
    TRACE,
    AddSignature,
    AliasSignature,
    AttachSignature,
    Candidate,
    Edit,
    FunctionSource,
    GraphSource,
    KeepMetaGraph,
    MergedSource,
    Plan,
    SetTags,
)
from sigfix.planning.flatten import FlatTensor, flat_inputs, flat_outputs, literal_arguments
from sigfix.planning.functions import find_function, rank_functions, signature_function
from sigfix.planning.graphs import choose_outputs, graph_inputs, signature_tensors
from sigfix.planning.merging import merge
from sigfix.planning.preset_spec import fit_preset, mark_origins
from sigfix.planning.shaping import plan_inputs, plan_outputs
from sigfix.planning.traces import Ambiguous, choose_trace

SERVE_TAG = "serve"
TRAINING_SWITCHES = {
    "keep_prob": "1.0",
    "is_training": "false",
    "phase_train": "false",
    "learning_phase": "false",
    "dropout_rate": "0.0",
}
"""Placeholders of TF1 training code -> the value they have at inference."""


class _Undecided(Exception):
    """Several answers; carried to `plan`, never out of it."""

    def __init__(self, ambiguous: Ambiguous) -> None:
        super().__init__(ambiguous.reason)
        self.ambiguous = ambiguous


def plan(model: SavedModel, choices: Choices | None = None) -> Plan:
    """What has to be done so that the model has a good `serving_default` (or `choices.key`).

    Never raises for the model's sake: the verdict says `healthy`, `repairable`, `ambiguous` or
    `blocked`.
    """
    choices = choices or Choices()
    name = str(model.path)
    try:
        index = choose_meta_graph(model, choices)
        edits = _plan_meta_graph(model, index, choices)
    except _Undecided as undecided:
        found = undecided.ambiguous
        return Plan(name, "ambiguous", candidates=found.candidates, reason=found.reason)
    except BlockedError as error:
        return Plan(name, "blocked", reason=error.message, hint=error.hint or "")
    if not edits:
        return Plan(name, "healthy", meta_graph=index)
    return Plan(name, "repairable", meta_graph=index, edits=tuple(edits), notes=_notes(edits))


def _notes(edits: list[Edit]) -> tuple[str, ...]:
    """What a caller should know: inputs that belong to training, and how to be rid of them."""
    return tuple(
        f"{item.name} looks like a switch for training: --bind {item.name}={value} fixes it"
        for edit in edits
        if isinstance(edit, AddSignature)
        for item in edit.inputs
        for name, value in TRAINING_SWITCHES.items()
        if item.name.lower().endswith(name) and not item.shape
    )


def choose_meta_graph(model: SavedModel, choices: Choices) -> int:
    """The index of the MetaGraph that `--tags` chooses, the only one, or the one for serving."""
    every = [meta_graph.tags for meta_graph in model.meta_graphs]
    if not every:
        raise BlockedError("The SavedModel has no MetaGraph.")
    candidates = tuple(
        Candidate(
            "tags " + (",".join(tags) or "(none)"),
            f"--tags '{','.join(tags)}'",
            (f"{len(meta_graph.user_signatures)} signatures",),
        )
        for tags, meta_graph in zip(every, model.meta_graphs, strict=True)
    )
    if choices.tags is not None:
        found = [index for index, tags in enumerate(every) if set(tags) == set(choices.tags)]
        if not found:
            raise BlockedError(
                f"No MetaGraph has exactly the tags {','.join(choices.tags) or '(none)'}.",
                "; ".join(candidate.choose for candidate in candidates),
            )
        return found[0]
    if len(every) == 1:
        return 0
    serving = [index for index, tags in enumerate(every) if set(tags) == {SERVE_TAG}]
    serving = serving or [index for index, tags in enumerate(every) if SERVE_TAG in tags]
    if len(serving) == 1:
        return serving[0]
    raise _Undecided(Ambiguous(f"The model has {len(every)} MetaGraphs.", candidates))


def _plan_meta_graph(model: SavedModel, index: int, choices: Choices) -> list[Edit]:
    meta_graph = model.meta_graphs[index]
    edits: list[Edit] = []
    if choices.only_meta_graph and len(model.meta_graphs) > 1:
        others = tuple(
            item.tags for number, item in enumerate(model.meta_graphs) if number != index
        )
        edits.append(KeepMetaGraph(meta_graph.tags, others))
    edits += existing.plan_attachments(meta_graph, edits)
    edits += existing.plan_changes(meta_graph, choices)
    edits += _plan_signature(meta_graph, choices, edits)
    edits += existing.plan_method_names(meta_graph, choices, edits)
    if choices.set_tags is not None and set(choices.set_tags) != set(meta_graph.tags):
        edits.append(SetTags(choices.set_tags, meta_graph.tags, OPTION))
    elif choices.set_tags is None and SERVE_TAG not in meta_graph.tags:
        taken = any(SERVE_TAG in item.tags for item in model.meta_graphs)
        if not taken:
            edits.append(SetTags((*meta_graph.tags, SERVE_TAG), meta_graph.tags))
    return edits


def _plan_signature(meta_graph: MetaGraph, choices: Choices, before: list[Edit]) -> list[Edit]:
    """The edit that makes the wanted signature, none where it is there and nothing is asked."""
    keys = [signature.key for signature in meta_graph.user_signatures]
    keys = existing.keys_after(keys, before)
    arranged = [edit for edit in before if not isinstance(edit, (AttachSignature, KeepMetaGraph))]
    if choices.function is not None:
        return [_from_function_path(meta_graph, choices.function, choices)]
    if choices.from_key:
        return [_from_signature(meta_graph, choices)]
    if choices.key in keys:
        if choices.shapes_signature:
            return [_reshape_signature(meta_graph, choices.key, choices)]
        return []
    if arranged and not choices.shapes_signature and choices.key == DEFAULT_SERVING_KEY:
        taken = any(getattr(edit, "key", "") == DEFAULT_SERVING_KEY for edit in arranged)
        if taken or len(keys) != 1:
            return []  # the user arranges the signatures
        return [AliasSignature(DEFAULT_SERVING_KEY, keys[0], SIGNATURE)]
    if len(keys) == 1:
        return [_from_signature(meta_graph, replace(choices, from_key=(keys[0],)))]
    if keys:
        raise _Undecided(existing.rank(meta_graph, keys, choices.key))
    return [_from_nothing(meta_graph, choices)]


def _from_nothing(meta_graph: MetaGraph, choices: Choices) -> AddSignature:
    """No signature at all: the object graph's functions, else the graph's placeholders."""
    if meta_graph.objects is not None:
        ranked = rank_functions(meta_graph.objects)
        if len(ranked) > 1:
            raise _Undecided(
                Ambiguous(
                    f"{len(ranked)} functions could be the signature.",
                    tuple(candidate for _, candidate in ranked),
                )
            )
        if ranked:
            return _from_function(meta_graph, ranked[0][0], choices, TRACE)
        raise BlockedError(
            "The model has no signature, and its object graph holds no traced function: there is "
            "nothing to call.",
            "save it again with tf.saved_model.save(model, path, signatures=...)",
        )
    return _from_graph(meta_graph, choices)


def _from_function_path(meta_graph: MetaGraph, path: str, choices: Choices) -> AddSignature:
    if meta_graph.objects is None:
        raise BlockedError(
            "--function: this MetaGraph was written by TF1 and has no object graph.",
            "name tensors with --input NAME:TENSOR and --output NAME=TENSOR",
        )
    return _from_function(meta_graph, find_function(meta_graph.objects, path), choices, OPTION)


def _from_function(
    meta_graph: MetaGraph, function: Function, choices: Choices, origin: str
) -> AddSignature:
    library = meta_graph.graph.function_by_name
    trace = choose_trace(function, library, choices)
    if isinstance(trace, Ambiguous):
        raise _Undecided(trace)
    _refuse_unknown_bindings(
        function, trace, flat_inputs(function, trace, library[trace.name]), choices
    )
    return _build(
        meta_graph,
        FunctionSource(function.path, trace.name),
        flat_inputs(function, trace, library[trace.name]),
        flat_outputs(trace, library[trace.name]),
        choices,
        TRACE,
        origin,
    )


def _from_graph(meta_graph: MetaGraph, choices: Choices) -> AddSignature:
    outputs, candidates = choose_outputs(meta_graph, choices)
    if candidates:
        raise _Undecided(Ambiguous(f"{len(candidates)} tensors could be the outputs.", candidates))
    inputs = graph_inputs(meta_graph, [tensor.spec.name for tensor in outputs])
    return _build(
        meta_graph, GraphSource(), inputs, outputs, replace(choices, outputs=()), GRAPH, GRAPH
    )


def _from_signature(meta_graph: MetaGraph, choices: Choices) -> Edit:
    """An alias of the signatures that `--from` names, or one that changes or merges them."""
    for key in choices.from_key:
        existing.require(meta_graph, key)
    first = choices.from_key[0]
    if len(choices.from_key) == 1:
        if not choices.shapes_signature:
            return AliasSignature(choices.key, first, SIGNATURE)
        return _reshape_signature(meta_graph, first, choices)
    merged = merge(meta_graph, choices.from_key)
    return _build(
        meta_graph, merged.source, merged.inputs, merged.outputs, choices, SIGNATURE, OPTION
    )


def _reshape_signature(meta_graph: MetaGraph, key: str, choices: Choices) -> AddSignature:
    """The signature again with the user's changes, from its own function or tensors."""
    signature = existing.require(meta_graph, key)
    function = signature_function(meta_graph, key)
    if function is not None and function.traces[0].name in meta_graph.graph.function_by_name:
        edit = _from_function(meta_graph, function, choices, SIGNATURE)
        return replace(edit, method_name=signature.method_name or edit.method_name)
    inputs, outputs = signature_tensors(signature)
    edit = _build(
        meta_graph, GraphSource(f"signature {key}"), inputs, outputs, choices, SIGNATURE, SIGNATURE
    )
    return replace(edit, method_name=signature.method_name or edit.method_name)


def _build(
    meta_graph: MetaGraph,
    source: FunctionSource | MergedSource | GraphSource,
    inputs: list[FlatTensor],
    outputs: list[FlatTensor],
    choices: Choices,
    origin: str,
    edit_origin: str,
) -> AddSignature:
    if choices.preset is not None:
        bare = replace(choices, preset=None)
        chosen = fit_preset(choices, meta_graph.graph, source, inputs, outputs)
        chosen = replace(chosen, preset=None)
        built = _build(meta_graph, source, inputs, outputs, chosen, origin, edit_origin)
        return built if bare.shapes_signature else mark_origins(built)
    planned, bound = plan_inputs(inputs, choices, origin)
    results = plan_outputs(outputs, choices, origin)
    known = {tensor.name for tensor in (*inputs, *outputs)}
    known |= {append.name for append in choices.append}
    for old, _ in choices.rename:
        if old not in known:
            raise BlockedError(
                f"--rename {old}: there is no such input or output.",
                "there are: " + ", ".join(sorted(known)),
            )
    method = choices.method_name
    edit = AddSignature(choices.key, source, planned, results, bound, origin=edit_origin)
    return replace(edit, method_name=method) if method else edit


def _refuse_unknown_bindings(
    function: Function, trace: Trace, tensors: list[FlatTensor], choices: Choices
) -> None:
    known = {tensor.name for tensor in tensors} | {tensor.path for tensor in tensors}
    known |= {item.path for item in literal_arguments(function, trace)}
    for name, _ in choices.bind:
        if name not in known:
            raise BlockedError(
                f"--bind {name}: {function.path} has no such argument.",
                "there are: " + ", ".join(sorted(known)),
            )
