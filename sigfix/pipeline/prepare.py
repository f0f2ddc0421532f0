"""Bring what `convert` was given into a form that can be frozen, and freeze it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sigfix.card import Card, fitting, make_card, read_card
from sigfix.describing.effects import DETERMINISTIC, RANDOM, Conduct, conduct
from sigfix.describing.running import of_signature
from sigfix.diagnosis import diagnose
from sigfix.diagnosis.rule import Command, repair_command
from sigfix.errors import BlockedError, UsageError
from sigfix.importing.commands import CommandParts, as_command
from sigfix.memory import release
from sigfix.model import SavedModel
from sigfix.pipeline.notes import training_notes, weight_notes
from sigfix.pipeline.preset import PresetOptions, export_preset
from sigfix.pipeline.progress import Say
from sigfix.pipeline.simplifying import OnnxChoice, load_simplified, simplify_file
from sigfix.pipeline.source import ONNX, PRESET, Source, choose_signature
from sigfix.planning import plan
from sigfix.planning.choices import as_tags
from sigfix.planning.commands import carried_out
from sigfix.planning.meta_graphs import choose_meta_graph
from sigfix.planning.names import signature_keys
from sigfix.planning.soundness import refuse_lost_weights
from sigfix.planning.trust import refuse_reaching
from sigfix.presets import Preset
from sigfix.quoting import quote_path
from sigfix.vocabularies import preset_characters

if TYPE_CHECKING:
    from sigfix.exporting.freezing import FrozenSignature


@dataclass(frozen=True)
class SourceChoice:
    """What the user chose about the source; see `convert.ConvertOptions`."""

    signature: str | None = None
    tags: tuple[str, ...] | None = None
    layout: str | None = None
    preset: str | None = None
    preset_options: PresetOptions = field(default_factory=PresetOptions)
    trust: bool = False
    sizes: tuple[tuple[str, tuple[int | None, ...]], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "tags", as_tags(self.tags))


@dataclass(frozen=True)
class Prepared:
    """A SavedModel to freeze, or an ONNX file to trace, and what it was made from.

    `model` is the SavedModel, or the simplified ONNX file. `onnx_file` is what ONNX Runtime
    compares with, None for a SavedModel; of its `inputs` those in `channels_last` are NHWC in what
    comes out. `signature` and `tags` are those of a SavedModel, `restless` is what can make two of
    its runs differ. `notes` are lines about the source.
    """

    model: Path
    card: Card | None = None
    tags: tuple[str, ...] = ()
    signature: str = ""
    source: Path = Path()
    onnx_file: Path | None = None
    inputs: tuple[str, ...] = ()
    channels_last: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    restless: str = ""


def prepare(source: Source, options: SourceChoice, temporary: Path, say: Say) -> Prepared:
    """Read, import or build the source; what has to be made is made in `temporary`.

    Raises `UsageError` for options that are not for a source of this kind.
    """
    if options.sizes and source.kind != ONNX:
        raise UsageError(
            "--input gives sizes to an ONNX file; a SavedModel and a preset have theirs.",
            "sigfix repair MODEL --input 'NAME=float32[1,3,224,224]' -o fixed/ && "
            "sigfix convert fixed/ --tfjs",
        )
    if source.kind == PRESET:
        return _from_preset(source.path.name, options, temporary, say)
    if source.kind == ONNX:
        return _from_onnx(source.path, options, temporary, say)
    from sigfix.reading.folder import refuse_strangers
    from sigfix.reading.opening import open_model

    say(f"reading {source.path}")
    described = open_model(source.path, "convert")
    assert isinstance(described, SavedModel)  # find_source has told ONNX files apart
    refuse_strangers(described.path, described.problems)
    refuse_lost_weights(described)
    index = choose_meta_graph(described, options.tags)
    graph = described.meta_graphs[index]
    if not graph.user_signatures:
        raise _unsigned(described)
    signature = choose_signature(graph, source.path, options.signature)
    runs = [of_signature(graph, signature.key)]
    refuse_reaching(described, index, runs, options.trust, "--trust   # loads and runs it")
    location = Path(described.path)
    shapes = (
        {item.key: item.spec.shape for item in side}
        for side in (signature.inputs, signature.outputs)
    )
    card = fitting(read_card(location), *shapes)
    manner = conduct(runs[0])
    restless = "" if manner.kind == DETERMINISTIC else _said(manner)
    notes = training_notes(graph, signature)
    return Prepared(location, card, graph.tags, signature.key, notes=notes, restless=restless)


def _said(manner: Conduct) -> str:
    """`keeps state (...)`, `is random (...)`."""
    return f"is {manner}" if manner.kind == RANDOM else str(manner)


def _unsigned(model: SavedModel) -> BlockedError:
    """The error for a model without a signature, with the repair that gives it one, if any."""
    what = f"{model.path} has no signature, so nothing says what its inputs and outputs are."
    found = (item.command for item in diagnose(model) if item.code == "SIG001")
    command = next(found, "")
    ways = carried_out(model, command.options if isinstance(command, Command) else ())
    if not ways:
        decided = plan(model)
        return BlockedError(f"{what} {decided.reason}", decided.hint or None)
    repair = repair_command(model.path, *ways[0], "-o", "repaired")
    return BlockedError(what, f"{repair} && sigfix convert repaired --tfjs")


def _from_preset(name: str, options: SourceChoice, temporary: Path, say: Say) -> Prepared:
    from sigfix.pipeline.preset_checks import require_parity

    preset = options.preset_options.preset(name)
    onnx_file = temporary / f"{name}.onnx"
    model, exported = export_preset(preset, options.preset_options, onnx_file, say)
    require_parity(exported)
    preset, notes = model.preset, weight_notes(model.weights, model.notes)
    say("reading the ONNX file")
    normalize = options.preset_options.normalize
    card = make_card(preset, model.vocabulary, model.weights, normalize)
    del model  # its memory is wanted
    prepared = _simplified(onnx_file, options, temporary, preset, card, say)
    return replace(prepared, notes=(*notes, *prepared.notes))


def _from_onnx(path: Path, options: SourceChoice, temporary: Path, say: Say) -> Prepared:
    preset, card = None, None
    if options.preset is not None:
        options.preset_options.refuse_weights(path)
        preset = options.preset_options.preset(options.preset)
    from sigfix.reading import read_any
    from sigfix.reading.folder import refuse_strangers

    described = read_any(path)  # says at once, without TensorFlow, where the file is damaged
    refuse_strangers(path, described.problems)
    say(f"reading {path}")
    if preset is not None:
        characters = preset_characters(preset, options.preset_options.vocabulary)
        card = make_card(preset, characters, path.name, options.preset_options.normalize)
    return _simplified(path, options, temporary, preset, card, say)


def commands(path: Path) -> tuple[CommandParts, CommandParts]:
    """What an option that makes a file convertible is put into: for sizes, and for `--bind`."""
    file, made = quote_path(path), quote_path(f"{path.stem}_repaired")
    return (
        CommandParts(f"sigfix convert {file} --tfjs", "", path, "sigfix convert {} --tfjs"),
        CommandParts(f"sigfix repair {file} -o {made}", f" && sigfix convert {made} --tfjs"),
    )


def _simplified(
    path: Path,
    options: SourceChoice,
    temporary: Path,
    preset: Preset | None,
    card: Card | None,
    say: Say,
) -> Prepared:
    """An ONNX file, checked and simplified, as something to trace."""
    choice = OnnxChoice(
        preset,
        card.vocabulary if card is not None and card.vocabulary else None,
        options.preset_options.normalize,
        preset is not None or options.layout == "nhwc",
        dict(options.sizes),
    )
    found = simplify_file(path, temporary, choice, commands(path))
    for note in found.notes:
        say(note)
    for what, names in (("input", found.inputs), ("output", found.outputs)):
        for own, key in signature_keys(names).items():
            if own != key:
                say(f"the {what} {own} is called {key}")
    return Prepared(
        found.model,
        card,
        source=path,
        onnx_file=found.finished,
        inputs=found.inputs,
        channels_last=found.channels_last,
    )


def freeze(prepared: Prepared, say: Say) -> FrozenSignature:
    """The one signature of what was prepared as a frozen graph.

    Raises `ConversionError` where TensorFlow cannot express or freeze it.
    """
    from sigfix.exporting import freezing

    if prepared.onnx_file is None:
        say("loading the model in TensorFlow and freezing its signature")
        return freezing.freeze(prepared.model, prepared.signature, prepared.tags)
    say("importing the ONNX model")
    from sigfix.importing.onnx_to_graph import trace_onnx

    with as_command(*commands(prepared.source)):
        traced = trace_onnx(load_simplified(prepared.model), prepared.channels_last, flat=True)
    release()
    return freezing.with_signature_names(traced.graph, traced.inputs, traced.outputs)
