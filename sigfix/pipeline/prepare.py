"""Bring what `convert` was given into a form that can be frozen, and freeze it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sigfix.card import Card, fitting, make_card, read_card
from sigfix.describing.callables import signature_tensor_text
from sigfix.describing.effects import DETERMINISTIC, conduct
from sigfix.describing.examples import example_features
from sigfix.describing.running import of_signature
from sigfix.diagnosis import RULES, diagnose
from sigfix.diagnosis.checks.specs import by_component
from sigfix.diagnosis.rule import Command, repair_command
from sigfix.diagnosis.subject import Subject
from sigfix.errors import BlockedError
from sigfix.importing.commands import CommandParts, as_command
from sigfix.memory import release
from sigfix.model import (
    DEFAULT_SERVING_KEY,
    MetaGraph,
    OtherModel,
    SavedModel,
    Shape,
    Signature,
)
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.changing import TRUST, changed, exported, said
from sigfix.pipeline.hub_folder import settled
from sigfix.pipeline.notes import training_notes, weight_notes
from sigfix.pipeline.onnx_choices import refuse_later_changes, renamed_keys, sizes_of
from sigfix.pipeline.prepared import Prepared, SourceChoice
from sigfix.pipeline.preset import export_preset
from sigfix.pipeline.progress import Say
from sigfix.pipeline.simplifying import OnnxChoice, load_simplified, simplify_file
from sigfix.pipeline.source import ONNX, PRESET, Source, choose_signature
from sigfix.planning import Choices, plan
from sigfix.planning.commands import carried_out
from sigfix.planning.meta_graphs import choose_meta_graph
from sigfix.planning.names import signature_keys
from sigfix.planning.signature_parts import signature_parts
from sigfix.planning.soundness import refuse_lost_weights
from sigfix.planning.trust import refuse_reaching
from sigfix.presets import Preset
from sigfix.quoting import quote_path
from sigfix.vocabularies import preset_characters

if TYPE_CHECKING:
    from sigfix.exporting.freezing import FrozenSignature


def prepare(
    source: Source,
    choice: SourceChoice,
    temporary: Path,
    say: Say,
    options: RepairOptions | None = None,
) -> Prepared:
    """Read, import or build the source; what has to be made is made in `temporary`.

    `options` say how what is made is run, and whether it is compared. Raises `UsageError` for
    choices that are not for a source of this kind.
    """
    if source.kind == PRESET:
        return _from_preset(source.path.name, choice, temporary, say)
    if source.kind == ONNX:
        return _from_onnx(source.path, choice, temporary, say)
    from sigfix.reading.folder import refuse_strangers
    from sigfix.reading.opening import FROZEN_GRAPH, kind_of, open_model

    say(f"reading {source.path}")
    options = options or RepairOptions(trust=choice.trust)
    described = open_model(source.path, "convert")
    refuse_strangers(described.path, described.problems)
    if isinstance(described, OtherModel):  # find_source has told ONNX files apart
        return exported(described, choice, options, temporary, say)
    refuse_lost_weights(described)
    index = choose_meta_graph(described, choice.tags)
    graph = described.meta_graphs[index]
    key = choice.signature or DEFAULT_SERVING_KEY
    if graph.user_signatures:
        key = choose_signature(graph, source.path, choice.signature).key
        if not choice.changes:
            return _as_it_is(described, index, key, choice)
    elif kind_of(described) != FROZEN_GRAPH and not choice.changes:
        return _signed(described, key, choice, options, temporary, say)
    found = changed(described, key, choice, options, temporary, say)
    return found or _as_it_is(described, index, key, choice)


def _signed(
    described: SavedModel,
    key: str,
    choice: SourceChoice,
    options: RepairOptions,
    temporary: Path,
    say: Say,
) -> Prepared:
    """A SavedModel without a signature, with the one that there is to be made of it."""
    found = None
    decided = plan(described, Choices(key=key, tags=choice.tags))
    if decided.verdict == "repairable" and "--bind" not in _told(described):
        found = changed(described, key, choice, options, temporary, say)
    if found is None:
        raise _unsigned(described)
    made = "it has no signature; what repair makes of it is converted"
    return replace(found, notes=(f"note: {described.path}: {made}.", *found.notes))


def _as_it_is(described: SavedModel, index: int, key: str, choice: SourceChoice) -> Prepared:
    """A SavedModel that has the signature, which is its own source."""
    graph = described.meta_graphs[index]
    signature = graph.signature(key)
    assert signature is not None
    _refuse_composites(described, graph, signature)
    runs = [of_signature(graph, key)]
    refuse_reaching(described, index, runs, choice.trust, TRUST)
    location = Path(described.path)
    shapes = (
        {item.key: item.spec.shape for item in side}
        for side in (signature.inputs, signature.outputs)
    )
    card = fitting(read_card(location), *shapes)
    manner = conduct(runs[0])
    restless = "" if manner.kind == DETERMINISTIC else said(manner)
    notes = training_notes(graph, signature)
    return Prepared(
        location,
        card,
        graph.tags,
        key,
        notes=notes,
        restless=restless,
        features=example_features(graph),
        parts=signature_parts(graph, signature),
    )


def _refuse_composites(model: SavedModel, graph: MetaGraph, signature: Signature) -> None:
    """Raise `BlockedError` for ragged and sparse tensors, with the repair that takes them apart."""
    tensors = (*signature.inputs, *signature.outputs)
    found = [f"{item.key} is {signature_tensor_text(item)}" for item in tensors
             if item.encoding != "dense"]  # fmt: skip
    if found:
        way = _repaired_first(model, by_component(Subject(model, graph), signature))
        raise BlockedError(
            f"signature {signature.key}: {', '.join(found)}; TensorFlow.js has dense tensors only.",
            way or RULES["TGT417"].advice,
        )


def _repaired_first(model: SavedModel, command: Command | str) -> str:
    """`sigfix repair ... && sigfix convert ...`, with the first repair that a command plans."""
    ways = carried_out(model, command.options) if isinstance(command, Command) else []
    if not ways:
        return ""
    repair = repair_command(model.path, *ways[0], "-o", "repaired")
    return f"{repair} && sigfix convert repaired --tfjs"


def _told(model: SavedModel) -> Command | str:
    """The repair that `inspect` prints; one with --bind is what a conversion cannot choose."""
    found = (item.command for item in diagnose(model) if item.code == "SIG001")
    return next(found, "")


def _unsigned(model: SavedModel) -> BlockedError:
    """The error for a model without a signature, with the repair that gives it one, if any."""
    what = f"{model.path} has no signature, so nothing says what its inputs and outputs are."
    way = _repaired_first(model, _told(model))
    if not way:
        decided = plan(model)
        return BlockedError(f"{what} {decided.reason}", decided.hint or None)
    return BlockedError(what, way)


def _from_preset(name: str, choice: SourceChoice, temporary: Path, say: Say) -> Prepared:
    from sigfix.pipeline.preset_checks import require_parity

    options, told = settled(name, choice.preset_options)
    preset = options.preset(name)
    onnx_file = temporary / f"{name}.onnx"
    model, exported = export_preset(preset, options, onnx_file, say)
    require_parity(exported)
    preset, notes = model.preset, weight_notes(model.weights, model.notes)
    say("reading the ONNX file")
    normalize = choice.preset_options.normalize
    card = make_card(preset, model.vocabulary, model.weights, normalize)
    del model  # its memory is wanted
    prepared = _simplified(onnx_file, ("input",), choice, temporary, preset, card, say)
    return replace(prepared, notes=(*told, *notes, *prepared.notes))


def _from_onnx(path: Path, choice: SourceChoice, temporary: Path, say: Say) -> Prepared:
    preset, card = None, None
    if choice.preset is not None:
        choice.preset_options.refuse_weights(path)
        preset = choice.preset_options.preset(choice.preset)
    from sigfix.reading import read_any
    from sigfix.reading.folder import refuse_strangers

    described = read_any(path)  # says at once, without TensorFlow, where the file is damaged
    refuse_strangers(path, described.problems)
    say(f"reading {path}")
    assert isinstance(described, OtherModel)
    refuse_later_changes(described, choice)
    if preset is not None:
        characters = preset_characters(preset, choice.preset_options.vocabulary)
        card = make_card(preset, characters, path.name, choice.preset_options.normalize)
    names = tuple(item.name for item in described.inputs)
    return _simplified(path, names, choice, temporary, preset, card, say)


def commands(path: Path) -> tuple[CommandParts, CommandParts]:
    """What an option that makes a file convertible is put into: for sizes, and for `--bind`."""
    file, made = quote_path(path), quote_path(f"{path.stem}_repaired")
    return (
        CommandParts(f"sigfix convert {file} --tfjs", "", path, "sigfix convert {} --tfjs"),
        CommandParts(f"sigfix repair {file} -o {made}", f" && sigfix convert {made} --tfjs"),
    )


def _simplified(
    path: Path,
    names: tuple[str, ...],
    choice: SourceChoice,
    temporary: Path,
    preset: Preset | None,
    card: Card | None,
    say: Say,
) -> Prepared:
    """An ONNX file, checked and simplified, as something to trace."""
    wanted = OnnxChoice(
        preset,
        card.vocabulary if card is not None and card.vocabulary else None,
        choice.preset_options.normalize,
        preset is not None or choice.layout == "nhwc",
        sizes_of(choice.inputs, names),
    )
    found = simplify_file(path, temporary, wanted, commands(path))
    for note in found.notes:
        say(note)
    renamed = renamed_keys(found.inputs, found.outputs, choice)
    for what, called in (("input", found.inputs), ("output", found.outputs)):
        for own, key in signature_keys(called).items():
            key = renamed.get(key, key)
            if own != key:
                say(f"the {what} {own} is called {key}")
    if card is not None:
        ends = (renamed.get(name, name) for name in (card.input, card.output))
        image, result = ends
        card = replace(card, input=image, output=result)
    return Prepared(
        found.model,
        card,
        source=path,
        onnx_file=found.finished,
        inputs=found.inputs,
        channels_last=found.channels_last,
        renamed=renamed,
    )


def _input_shapes(prepared: Prepared) -> dict[str, Shape]:
    """What the signature itself says of its inputs' shapes."""
    from sigfix.reading import read

    model = read(prepared.model)
    graphs = [graph for graph in model.meta_graphs if graph.tags == prepared.tags]
    signature = graphs[0].signature(prepared.signature) if graphs else None
    return {item.key: item.spec.shape for item in signature.inputs} if signature else {}


def freeze(prepared: Prepared, say: Say, states: bool = False) -> FrozenSignature:
    """The one signature of what was prepared as a frozen graph, with its `states` as inputs.

    Raises `ConversionError` where TensorFlow cannot express or freeze it.
    """
    from sigfix.exporting import freezing

    if prepared.onnx_file is None:
        say("loading the model in TensorFlow and freezing its signature")
        shapes = _input_shapes(prepared)
        return freezing.freeze(prepared.model, prepared.signature, prepared.tags, shapes, states)
    say("importing the ONNX model")
    from sigfix.importing.onnx_to_graph import trace_onnx

    with as_command(*commands(prepared.source)):
        traced = trace_onnx(load_simplified(prepared.model), prepared.channels_last, flat=True)
    release()
    inputs, outputs = (
        {prepared.renamed.get(key, key): item for key, item in side.items()}
        for side in (traced.inputs, traced.outputs)
    )
    return freezing.with_signature_names(traced.graph, inputs, outputs)
