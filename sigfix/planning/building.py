"""The edit that makes one signature: from a function, from existing signatures, from the graph."""

from __future__ import annotations

from dataclasses import replace

from sigfix.describing.functions import (
    WITHOUT_TRACES,
    saved_without_traces,
    way_without_traces,
)
from sigfix.describing.training import signature_marks
from sigfix.errors import BlockedError
from sigfix.model import DEFAULT_SERVING_KEY, Function, MetaGraph, Signature
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
    Edit,
    FunctionSource,
    GraphSource,
    KeepMetaGraph,
    MergedSource,
)
from sigfix.planning.flatten import FlatTensor, flat_inputs, flat_outputs, literal_arguments
from sigfix.planning.functions import find_function, rank_functions, signature_function
from sigfix.planning.graphs import (
    choose_outputs,
    graph_inputs,
    mentioned_unfed,
    named_tensors,
    refuse_unfed,
    signature_tensors,
)
from sigfix.planning.layouts import check_layout
from sigfix.planning.merging import merge
from sigfix.planning.parsed import behind_parsers, require_plain
from sigfix.planning.preset_spec import fit_preset, mark_origins
from sigfix.planning.shaping import plan_inputs, plan_outputs
from sigfix.planning.signature_parts import signature_parts
from sigfix.planning.sources import refuse_starved
from sigfix.planning.traces import Ambiguous, Undecided, choose_trace, is_bound
from sigfix.planning.widening import with_open_batch
from sigfix.quoting import quote
from sigfix.wording import plural


def plan_signature(meta_graph: MetaGraph, choices: Choices, before: list[Edit]) -> list[Edit]:
    """The edit that makes the wanted signature, none where it is there and nothing is asked."""
    keys = [*existing.keys_after(meta_graph, before).values()]
    arranged = [edit for edit in before if not isinstance(edit, (AttachSignature, KeepMetaGraph))]
    if choices.function is not None:
        return [_from_function_path(meta_graph, choices.function, choices)]
    if choices.from_key:
        return [_from_signature(meta_graph, choices, before)]
    if choices.key in keys:
        if not choices.shapes_signature:
            if not before and replace(choices, tags=None) == Choices():
                existing.refuse_training_default(meta_graph)
            return []
        of = existing.key_before(choices.key, before)
        edit = _reshape_signature(meta_graph, of, choices)
        return [] if existing.is_unchanged(edit, existing.require(meta_graph, of)) else [edit]
    if arranged and not choices.shapes_signature and choices.key == DEFAULT_SERVING_KEY:
        taken = any(getattr(edit, "key", "") == DEFAULT_SERVING_KEY for edit in arranged)
        if (
            taken
            or len(keys) != 1
            or signature_marks(
                meta_graph, [existing.require(meta_graph, existing.key_before(keys[0], before))]
            )
        ):
            return []  # the user arranges the signatures
        return [AliasSignature(DEFAULT_SERVING_KEY, keys[0], SIGNATURE)]
    if keys:
        old = [existing.key_before(key, before) for key in keys]
        meant = existing.choose(meta_graph, old, choices.key)
        return [_from_signature(meta_graph, replace(choices, from_key=(meant,)), before)]
    return [_from_nothing(meta_graph, choices)]


def _from_nothing(meta_graph: MetaGraph, choices: Choices) -> AddSignature:
    """No signature at all: the object graph's functions, else the graph's placeholders."""
    if meta_graph.objects is not None:
        ranked, training = rank_functions(meta_graph)
        if len(ranked) > 1 or (ranked and ranked[0][0].path in training):
            raise Undecided(
                Ambiguous(
                    f"{plural(len(ranked), 'function')} could be the signature.",
                    tuple(candidate for _, candidate in ranked),
                    _each_its_own([function.path for function, _ in ranked]),
                )
            )
        if ranked:
            return _from_function(meta_graph, ranked[0][0], choices, TRACE)
        if training:
            raise BlockedError(
                existing.left_out(training, "function", choices.key, "--function PATH"),
                f"--function {quote(next(iter(training)))}",
            )
        if saved_without_traces(meta_graph):
            raise BlockedError(
                f"There is nothing to call: {WITHOUT_TRACES}.", way_without_traces("MODEL")
            )
        raise BlockedError(
            "The model has no signature, and its object graph holds no traced function: there is "
            "nothing to call.",
            "save it again with tf.saved_model.save(model, path, signatures=...)",
        )
    return _from_graph(meta_graph, choices)


def _each_its_own(paths: list[str]) -> str:
    """How to make signatures of the first two: the likeliest as the default, with keys of two."""
    if len(paths) < 2:
        return ""
    parts = paths[1].split(".")
    named = [part.strip("_") for part in parts if part.strip("_") != "call"] or ["call"]
    second = quote(f"{'_'.join(named)}={paths[1]}")
    made = "a signature of each" if len(paths) == 2 else "signatures of these two"
    return f"--function {quote(paths[0])} --function {second}   # makes {made}"


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
    asked = replace(choices, inputs=()) if choices.parsed else choices  # they name features
    trace = choose_trace(function, library, asked)
    if isinstance(trace, Ambiguous):
        raise Undecided(trace)
    inputs = _as_parts(meta_graph, function, flat_inputs(function, trace, library[trace.name]))
    values = {item.path for item in literal_arguments(function, trace)}
    if not choices.parsed:
        _refuse_unknown_bindings(inputs, values, choices)
    tensors = {name for item in inputs for name in (item.name, item.path)}
    left = tuple(  # the others chose the trace
        pair for pair in choices.bind if pair[0] in tensors or pair[0] not in values
    )
    return _build(
        meta_graph,
        FunctionSource(function.path, trace.name),
        inputs,
        flat_outputs(trace, library[trace.name]),
        replace(choices, bind=left),
        TRACE,
        origin,
    )


def _as_parts(
    meta_graph: MetaGraph, function: Function, inputs: list[FlatTensor]
) -> list[FlatTensor]:
    """The arguments of a signature's own function: it is not said there what they are parts of."""
    signature = meta_graph.signature(function.path.removeprefix("signatures."))
    if signature is None or not function.path.startswith("signatures."):
        return inputs
    parts = signature_parts(meta_graph, signature)
    return [replace(item, component=parts.get(item.name, item.component)) for item in inputs]


def _from_graph(meta_graph: MetaGraph, choices: Choices) -> AddSignature:
    outputs, candidates = choose_outputs(meta_graph, choices)
    if candidates:
        reason = f"{len(candidates)} tensors could be the outputs."
        raise Undecided(Ambiguous(reason, candidates, "repeat --output for several of them"))
    results = [tensor.spec.name for tensor in outputs]
    inputs = graph_inputs(meta_graph, results, choices)
    refuse_starved(meta_graph, results, inputs)
    return _build(
        meta_graph, GraphSource(), inputs, outputs, replace(choices, outputs=()), GRAPH, GRAPH
    )


def _from_signature(meta_graph: MetaGraph, choices: Choices, before: list[Edit]) -> Edit:
    """An alias of the signatures that `--from` names, or one that changes or merges them.

    A signature that is renamed in the same run may be named either way.
    """
    keys = tuple(existing.key_before(key, before) for key in choices.from_key)
    for key in keys:
        existing.require(meta_graph, key)
    if len(keys) == 1:
        if choices.shapes_signature:
            return _reshape_signature(meta_graph, keys[0], choices)
        now = existing.keys_after(meta_graph, before).get(keys[0])
        if now is None:
            raise BlockedError(f"--from {keys[0]}: {keys[0]} is removed in the same run.")
        if now == choices.key and not choices.method_name:
            raise BlockedError(
                f"--from {keys[0]}: it is {choices.key} already.", "--signature KEY makes another"
            )
        refuse_unfed(meta_graph, keys[0])
        return AliasSignature(choices.key, now, SIGNATURE)
    merged = merge(meta_graph, keys)
    return _build(
        meta_graph, merged.source, merged.inputs, merged.outputs, choices, SIGNATURE, OPTION
    )


def _reshape_signature(meta_graph: MetaGraph, key: str, choices: Choices) -> AddSignature:
    """The signature again with the user's changes, from its own function or tensors."""
    signature = existing.require(meta_graph, key)
    function = signature_function(meta_graph, key)
    if function is not None and function.traces[0].name in meta_graph.graph.function_by_name:
        edit = _from_function(meta_graph, function, choices, SIGNATURE)
        return _with_method(edit, signature)
    refuse_unfed(meta_graph, key, choices)
    inputs, outputs = named_tensors(meta_graph, *signature_tensors(signature), choices)
    inputs += mentioned_unfed(meta_graph, signature, choices, inputs)
    edit = _build(
        meta_graph, GraphSource(f"signature {key}"), inputs, outputs, choices, SIGNATURE, SIGNATURE
    )
    return _with_method(edit, signature)


def _with_method(edit: AddSignature, signature: Signature) -> AddSignature:
    """The edit with the method name that its signature has, unless that takes tf.Examples alone."""
    if edit.parsed is not None or not signature.method_name:
        return edit
    return replace(edit, method_name=signature.method_name)


def _build(
    meta_graph: MetaGraph,
    source: FunctionSource | MergedSource | GraphSource,
    inputs: list[FlatTensor],
    outputs: list[FlatTensor],
    choices: Choices,
    origin: str,
    edit_origin: str,
) -> AddSignature:
    if choices.parsed:
        left = [item for item in outputs if item.name not in choices.drop_outputs]
        behind, cut = behind_parsers(meta_graph, source, inputs, left)
        bare = replace(choices, parsed=False)
        made = _build(meta_graph, source, behind, outputs, bare, origin, edit_origin)
        require_plain(made, behind)
        return replace(made, parsed=cut)
    _refuse_unknown_bindings(inputs, set(), choices)
    if choices.preset is not None:
        bare = replace(choices, preset=None)
        free = [item for item in inputs if not is_bound(item, choices)]
        fitted = fit_preset(choices, meta_graph.graph, source, free, outputs)
        chosen = replace(fitted.choices, preset=None)
        built = _build(meta_graph, source, inputs, fitted.outputs, chosen, origin, edit_origin)
        return built if bare.shapes_signature else mark_origins(built)
    planned, bound = plan_inputs(inputs, choices, origin)
    results = plan_outputs(outputs, choices, origin)
    known = {tensor.name for tensor in (*inputs, *outputs)}
    check_layout(choices, inputs, outputs)
    for old, _ in choices.rename:
        if old not in known:
            raise BlockedError(
                f"--rename {old}: there is no such input or output.",
                "there are: " + ", ".join(sorted(known)),
            )
    method = choices.method_name
    edit = AddSignature(choices.key, source, planned, results, bound, origin=edit_origin)
    edit = with_open_batch(edit, inputs)
    return replace(edit, method_name=method) if method else edit


def _refuse_unknown_bindings(tensors: list[FlatTensor], values: set[str], choices: Choices) -> None:
    """Refuse a `--bind` of no tensor, and of none of the Python values that the trace was made for.

    Without this it would be left out in silence.
    """
    known = {name for tensor in tensors for name in (tensor.name, tensor.path)} | values
    for name, _ in choices.bind:
        if name not in known and all(name not in tensor.called for tensor in tensors):
            raise BlockedError(
                f"--bind {name}: there is no such argument.",
                "there are: " + (", ".join(sorted(known)) or "none"),
            )
