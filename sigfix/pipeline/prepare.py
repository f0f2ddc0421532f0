"""Bring what `convert` was given into the form of a SavedModel that can be frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sigfix.card import Card, make_card, read_card
from sigfix.pipeline.preset import PresetOptions, export_preset, finish_onnx, import_preset
from sigfix.pipeline.progress import Say
from sigfix.pipeline.source import ONNX, PRESET, Source, choose_meta_graph, choose_signature


@dataclass(frozen=True)
class Choice:
    """What the user chose about the source; see `convert.ConvertOptions`."""

    signature: str | None = None
    tags: tuple[str, ...] | None = None
    layout: str | None = None
    preset: str | None = None
    preset_options: PresetOptions = field(default_factory=PresetOptions)


@dataclass(frozen=True)
class Prepared:
    """A SavedModel to freeze, and the ONNX file that it came from, if any.

    Inputs in `channels_last` are NHWC in the SavedModel and NCHW in the ONNX file.
    """

    model: Path
    tags: tuple[str, ...]
    signature: str
    card: Card | None = None
    onnx_file: Path | None = None
    channels_last: tuple[str, ...] = ()


def prepare(source: Source, options: Choice, temporary: Path, say: Say) -> Prepared:
    """Read, import or build the source; what has to be made is made in `temporary`."""
    if source.kind == PRESET:
        return _from_preset(source.path.name, options, temporary, say)
    if source.kind == ONNX:
        return _from_onnx(source.path, options, temporary, say)
    from sigfix.reading import read

    say(f"reading {source.path}")
    described = read(source.path)
    graph = choose_meta_graph(described, source.path, options.tags)
    signature = choose_signature(graph, source.path, options.signature)
    location = Path(described.path)
    return Prepared(location, graph.tags, signature.key, read_card(location), None, ())


def _from_preset(name: str, options: Choice, temporary: Path, say: Say) -> Prepared:
    preset = options.preset_options.preset(name)
    onnx_file = temporary / f"{name}.onnx"
    model, _ = export_preset(preset, options.preset_options, onnx_file, say)
    say("building the SavedModel through onnx-tf")
    normalize = options.preset_options.normalize
    onnx_file = finish_onnx(preset, onnx_file, temporary, normalize)
    import_preset(preset, onnx_file, temporary / "saved_model")
    card = make_card(preset, model.vocabulary, model.weights, normalize)
    return Prepared(
        temporary / "saved_model", ("serve",), "serving_default", card, onnx_file, ("input",)
    )


def _from_onnx(path: Path, options: Choice, temporary: Path, say: Say) -> Prepared:
    if options.preset is not None:
        options.preset_options.refuse_weights(path)
        preset = options.preset_options.preset(options.preset)
    from sigfix.importing import onnx_graph
    from sigfix.importing.doctr import preset_characters
    from sigfix.importing.onnx_simplification import simplify
    from sigfix.importing.onnx_to_saved_model import save_onnx

    place = temporary / "saved_model"
    say(f"importing {path} through onnx-tf")
    card = None
    if options.preset is not None:
        normalize = options.preset_options.normalize
        characters = preset_characters(preset, options.preset_options.vocabulary)
        given, path = path, finish_onnx(preset, path, temporary, normalize)
        if preset.is_recogniser:
            onnx_graph.check_vocabulary(onnx_graph.read_onnx(path), preset, characters, given)
        import_preset(preset, path, place)
        card = make_card(preset, characters, given.name, normalize)
        turned: tuple[str, ...] = ("input",)
    else:
        model = onnx_graph.read_onnx(path)
        inputs = onnx_graph.graph_inputs(model)
        wide = options.layout == "nhwc"
        turned = tuple(v.name for v in inputs if wide and len(onnx_graph.shape_of(v)) == 4)
        save_onnx(simplify(model), place, turned)
    return Prepared(place, ("serve",), "serving_default", card, path, turned)
