"""A description and the user's choices -> a `Plan`. Nothing here reads, writes or executes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sigfix.describing.meta_graphs import SERVE, is_for_training
from sigfix.describing.operators import custom_operators
from sigfix.describing.switches import evident_value, inference_value, needed, training_default
from sigfix.describing.versions import is_version
from sigfix.errors import BlockedError
from sigfix.model import MetaGraph, SavedModel, node_of
from sigfix.planning import signatures as existing
from sigfix.planning.choices import Choices
from sigfix.planning.edits import (
    OPTION,
    AddSignature,
    Edit,
    FunctionSource,
    GraphSource,
    InputPlan,
    KeepMetaGraph,
    Plan,
    SetTags,
    SetVersion,
)
from sigfix.planning.file_edits import LOST_ANEW, LeaveOut, SaveAnew
from sigfix.planning.graphs import refuse_unfed
from sigfix.planning.meta_graphs import choose_meta_graph
from sigfix.planning.parsed import parsed_notes
from sigfix.planning.preset_spec import plan_card
from sigfix.planning.several import plan_signatures
from sigfix.planning.signature_map import after
from sigfix.planning.soundness import COPY, lost_weights, strangers, unwritable, way_to_lost
from sigfix.planning.traces import CHOOSE, Undecided, other_values, taken_values
from sigfix.planning.widening import widened_notes
from sigfix.quoting import quote


def plan(model: SavedModel, choices: Choices | None = None) -> Plan:
    """What has to be done so that the model has a good `serving_default` (or `choices.key`).

    Never raises for the model's sake: the verdict says `healthy`, `repairable`, `ambiguous` or
    `blocked`.
    """
    strange = strangers(model)
    if strange:
        return Plan(str(model.path), "blocked", reason=strange, hint=COPY)
    made, lost = _plan(model, choices or Choices()), lost_weights(model)
    if not lost:
        return made
    if made.verdict != "repairable" or not made.is_metadata_only:
        reason = f"{lost} Nothing that is made of it could be right."
        return Plan(made.model, "blocked", reason=reason, hint=way_to_lost(model))
    return replace(made, notes=(*made.notes, f"{lost} The result cannot be run either."))


def _plan(model: SavedModel, choices: Choices) -> Plan:
    name = str(model.path)
    try:
        index = choose_meta_graph(model, choices.tags)
        edits = _plan_meta_graph(model, index, choices)
        _refuse_idle(model.meta_graphs[index], choices, edits)
        if not choices.arranges and not any(isinstance(edit, AddSignature) for edit in edits):
            refuse_unfed(model.meta_graphs[index], choices.key)
    except Undecided as undecided:
        found = undecided.ambiguous
        return Plan(
            name, "ambiguous", candidates=found.candidates, reason=found.reason, hint=found.hint
        )
    except BlockedError as error:
        return Plan(name, "blocked", reason=error.message, hint=error.hint or "")
    if not edits:
        return Plan(name, "healthy", meta_graph=index)
    trouble = unwritable(edits)
    if trouble:
        return Plan(name, "blocked", reason=trouble)
    lost = LOST_ANEW if choices.rebuild else ()
    return Plan(
        name,
        "repairable",
        index,
        tuple(edits),
        lost=lost,
        notes=_notes(model.meta_graphs[index], edits),
    )


def _refuse_idle(meta_graph: MetaGraph, choices: Choices, edits: list[Edit]) -> None:
    """Refuse an option that would be dropped without a word."""
    wanted = choices.method_name
    standing = after(meta_graph.user_signatures, edits)
    if wanted and all(item.method_name != wanted for item in standing.values()):
        raise BlockedError(
            f"--method-name {wanted}: there is no signature {choices.key} to give it to.",
            "--signature KEY names another",
        )


def _at_inference(meta_graph: MetaGraph, edit: AddSignature, item: InputPlan) -> str:
    """The value of an input that switches training: by its name, or by what it does in a graph."""
    node = meta_graph.graph.by_name.get(node_of(item.target))
    if node is None or not isinstance(edit.source, GraphSource):
        return inference_value(item.name, item.dtype)
    return evident_value(meta_graph, node)


def _left_training(meta_graph: MetaGraph, edit: AddSignature) -> list[str]:
    """The bindings of the switches whose defaults mean training, and which `edit` leaves so."""
    if not isinstance(edit.source, GraphSource):
        return []
    given = {item.target for item in edit.inputs} | {item.target for item in edit.bound}
    reached = needed(meta_graph, [item.source for item in edit.outputs], given) - given
    names = sorted({node_of(name) for name in reached})
    nodes = [meta_graph.graph.by_name[name] for name in names if name in meta_graph.graph.by_name]
    return [binding for node in nodes if (binding := training_default(meta_graph, node))]


def _notes(meta_graph: MetaGraph, edits: list[Edit]) -> tuple[str, ...]:
    """What a caller should know: inputs that belong to training, inputs of unknown rank."""
    new = [edit for edit in edits if isinstance(edit, AddSignature)]
    inputs = [item for edit in new for item in edit.inputs]
    values = {
        item.name: value
        for edit in new
        for item in edit.inputs
        if not item.shape and (value := _at_inference(meta_graph, edit, item))
    }
    left = dict.fromkeys(item for edit in new for item in _left_training(meta_graph, edit))
    switches = [
        f"{name} looks like a switch for training: --bind {quote(f'{name}={value}')} fixes it"
        for name, value in values.items()
    ]
    switches += [
        f"{item.partition('=')[0]} has a default that means training, and is left as it is: "
        f"--bind {quote(item)} switches training off"
        for item in left
    ]
    unknown = [
        f"{item.name} may be of any rank: "
        f"--input {quote(f'{item.name}={item.dtype}[?,32]')} would pin it"
        for item in inputs
        if item.shape is None and item.name not in values
    ]
    training = [
        f"the MetaGraph was saved for training (tags {','.join(edit.was)}): dropout and batch "
        "statistics may be on, which sigfix inspect tells"
        for edit in edits
        if isinstance(edit, SetTags) and is_for_training(edit.was)
    ]
    traces = [
        text
        for edit in new
        for text in (
            *_trace_notes(meta_graph, edit),
            *widened_notes(edit),
            *parsed_notes(edit),
        )
    ]
    return (*switches, *unknown, *training, *dict.fromkeys(traces))


def _trace_notes(meta_graph: MetaGraph, edit: AddSignature) -> Iterator[str]:
    """Which trace was taken where others were made for other Python values, and how they are."""
    for head in edit.heads if meta_graph.objects is not None else ():
        assert meta_graph.objects is not None
        for function in meta_graph.objects.functions:
            if function.path != head.path:
                continue
            others = other_values(function, meta_graph.graph.function_by_name, head.trace)
            values = taken_values(function, head.trace)
            told = f"with {values}" if values else "of tensors alone"
            if others:
                yield f"of the traces of {head.path} the one {told} is taken"
            yield from (f"another trace of {head.path}: {CHOOSE}{item}" for item in others)


def _plan_meta_graph(model: SavedModel, index: int, choices: Choices) -> list[Edit]:
    meta_graph = model.meta_graphs[index]
    edits: list[Edit] = []
    if choices.only_meta_graph and len(model.meta_graphs) > 1:
        others = tuple(
            item.tags for number, item in enumerate(model.meta_graphs) if number != index
        )
        edits.append(KeepMetaGraph(meta_graph.tags, others))
    attached = existing.plan_attachments(meta_graph, edits)
    edits += [edit for edit in attached if getattr(edit, "key", "") not in choices.remove]
    edits += existing.plan_changes(meta_graph, choices)
    edits += plan_signatures(meta_graph, choices, edits)
    edits += existing.plan_method_names(meta_graph, choices, edits)
    edits += _plan_tags(model, index, choices)
    if not is_version(meta_graph.tensorflow_version) and not choices.rebuild:
        edits.append(SetVersion("", meta_graph.tensorflow_version))
    edits += plan_card(model, meta_graph, choices, edits)
    edits += _plan_leaving_out(model, edits)
    return [*_plan_rebuilding(edits), *edits] if choices.rebuild else edits


def _plan_leaving_out(model: SavedModel, edits: list[Edit]) -> list[Edit]:
    """The custom operators of a frozen graph without which its signature does.

    No loader takes a graph with one, whether it is run or not: TensorFlow Lite's detectors were
    frozen with `TFLite_Detection_PostProcess` at their end. A SavedModel is left whole.
    """
    added = [edit for edit in edits if isinstance(edit, AddSignature)]
    if model.encoding != "graph" or not added:
        return []
    graph = model.meta_graphs[0].graph
    outputs = tuple(output.source for edit in added for output in edit.outputs)
    needed = {node.op for node in graph.reachable_from(outputs)}
    left = sorted(set(custom_operators(graph)) - needed)
    return [LeaveOut(tuple(left))] if left else []


def _plan_rebuilding(edits: list[Edit]) -> list[Edit]:
    added = [edit for edit in edits if isinstance(edit, AddSignature)]
    if any(edit.parsed for edit in added):
        raise BlockedError("--rebuild and --parsed are for two runs.", "leave --rebuild out")
    if not added or not all(isinstance(edit.source, FunctionSource) for edit in added):
        raise BlockedError(
            "--rebuild: no signature is built from a function here, which is what it is for.",
            "leave --rebuild out",
        )
    return [SaveAnew()]


def _plan_tags(model: SavedModel, index: int, choices: Choices) -> list[Edit]:
    """The tags that are asked for; else `serve` alone, which loaders look for, if it is free.

    Loaders compare sets: `serve,train` is not found by those that ask for `serve`.
    """
    tags = model.meta_graphs[index].tags
    if choices.set_tags is not None:
        same = set(choices.set_tags) == set(tags)
        return [] if same else [SetTags(choices.set_tags, tags, OPTION)]
    kept = [index] if choices.only_meta_graph else range(len(model.meta_graphs))
    if any(set(model.meta_graphs[number].tags) == {SERVE} for number in kept):
        return []
    return [SetTags((SERVE,), tags)]
