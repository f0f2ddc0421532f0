"""`sigfix convert`: to a TensorFlow.js graph model, checked in TensorFlow.js."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from sigfix.cli.app import app
from sigfix.cli.groups import (
    CHANGE,
    CHECK,
    JSON,
    PRESET,
    RESULT,
    SOURCE,
    TEXT,
    Building,
    ChosenTags,
    Force,
    Format,
    KeepFailed,
    NoVerify,
    Quiet,
    Renames,
    Running,
    pair_of,
)
from sigfix.cli.options import grouped, option
from sigfix.cli.refusing import refuse_clashes
from sigfix.cli.steps import steps, tell
from sigfix.errors import UsageError
from sigfix.optimising.passes import ANY_TARGET, PASSES, TARGETS
from sigfix.pipeline.conversion_options import ConvertOptions
from sigfix.pipeline.prepared import PARSED, STRINGS, SourceChoice
from sigfix.planning.choices import InputChoice, Pair
from sigfix.planning.parsing import parse_input, parse_normalize
from sigfix.presets import PRESETS

DEBUGGING = "Debugging"
IO = "io"


@dataclass(frozen=True)
class Result:
    """What is made, and where."""

    tfjs: Annotated[
        bool, option("To TensorFlow.js, which is what it converts to.", "--tfjs", panel=RESULT)
    ] = True
    directory: Annotated[
        Path | None,
        option("The new directory.  (default: MODEL_tfjs)", "-o", "--output-dir", panel=RESULT),
    ] = None
    target: Annotated[
        str,
        option(
            "tfjs for every backend, or tfjs-wasm for one that will run on wasm alone.",
            "--target",
            panel=RESULT,
            autocompletion=lambda: list(TARGETS),
        ),
    ] = ANY_TARGET
    quantize: Annotated[
        str | None,
        option(
            "Store weights as uint8, uint16 or float16, or as auto finds best.",
            "--quantize",
            panel=RESULT,
        ),
    ] = None
    max_loss: Annotated[
        float | None,
        option(
            "What quantising may change, as a part of 1: for auto of the words or of an output's "
            "range (default: 0.01), else of an output's range (default: what ruins nothing).",
            "--max-loss",
            panel=RESULT,
        ),
    ] = None
    samples: Annotated[
        Path | None,
        option(
            "What auto measures on: pictures or an .npz file.  (default: rendered words)",
            "--samples",
            panel=RESULT,
        ),
    ] = None
    force: Force = False
    keep_failed: KeepFailed = None
    output_format: Format = TEXT
    quiet: Quiet = False


@dataclass(frozen=True)
class OfSavedModel:
    """Which part of a SavedModel."""

    signature: Annotated[
        str | None,
        option(
            "The signature.  (default: serving_default, or the only one)",
            "--signature",
            panel=SOURCE,
        ),
    ] = None
    tags: ChosenTags = None


@dataclass(frozen=True)
class OfOnnx:
    """What an ONNX file does not say itself."""

    preset: Annotated[
        str | None,
        option(
            "The docTR model that an .onnx file is.",
            "--preset",
            panel=SOURCE,
            autocompletion=lambda: list(PRESETS),
        ),
    ] = None
    layout: Annotated[
        str | None,
        option("nhwc: make 4-D inputs of an .onnx file channels-last.", "--layout", panel=SOURCE),
    ] = None


@dataclass(frozen=True)
class Changes:
    """What is changed on the way, as `repair` changes it."""

    inputs: Annotated[
        list[InputChoice],
        option(
            "An input's sizes: `image=1,224,224,3`, `image=float32[?,224,224,3]`; `new:old=...` "
            "renames.",
            "--input",
            panel=CHANGE,
            parser=parse_input,
        ),
    ] = field(default_factory=list)
    outputs: Annotated[
        list[Pair],
        option(
            "An output: `probabilities=softmax:0`.",
            "--output",
            panel=CHANGE,
            parser=pair_of("--output"),
        ),
    ] = field(default_factory=list)
    rename: Renames = field(default_factory=list)
    normalize: Annotated[
        str | None,
        option(
            "Bake in `mean,std,scale`, `image:mean,std` for one input; or `preset`, a preset's "
            "own.",
            "--normalize",
            panel=CHANGE,
        ),
    ] = None
    state: Annotated[
        str | None,
        option(
            "io: make what the model keeps from one call to the next inputs and outputs.",
            "--state",
            panel=CHANGE,
            autocompletion=lambda: [IO],
        ),
    ] = None
    parsed: Annotated[
        bool,
        option(
            "Cut the parser of tf.Examples off: their features become inputs.",
            PARSED,
            panel=CHANGE,
        ),
    ] = False
    cut_strings: Annotated[
        bool,
        option(
            "Cut off what TensorFlow.js cannot compute (strings, pictures as files): what comes of "
            "it becomes inputs.",
            STRINGS,
            panel=CHANGE,
        ),
    ] = False


@dataclass(frozen=True)
class Debugging:
    """For finding a fault in the optimiser."""

    without_pass: Annotated[
        list[str],
        option(
            "Leave a graph pass out (repeat for more): "
            + ", ".join(each.name for each in PASSES)
            + ".",
            "--without-pass",
            panel=DEBUGGING,
            metavar="NAME",
        ),
    ] = field(default_factory=list)
    bisect_passes: Annotated[
        bool,
        option(
            "Where the numbers differ, find the graph pass at fault and name it.",
            "--bisect-passes",
            panel=DEBUGGING,
        ),
    ] = False


@app.command()
@grouped
def convert(
    context: typer.Context,
    *,
    wanted: Result,
    saved_model: OfSavedModel,
    onnx: OfOnnx,
    changes: Changes,
    building: Building,
    running: Running,
    debugging: Debugging,
    model: Annotated[
        str | None,
        typer.Argument(
            help="A SavedModel directory, a frozen graph (.pb), an .onnx, .keras or .h5 file, or "
            "a preset's name.  "
            "(default: the only SavedModel below here)",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, option("For random weights.", "--seed", panel=PRESET)] = 0,
    tolerance: Annotated[
        float | None,
        option(
            "Largest difference, relative to an output's range.  (default: 1e-4, or four times "
            "the source's own noise)",
            "--tolerance",
            panel=CHECK,
            min=0.0,
        ),
    ] = None,
    no_verify: NoVerify = False,
) -> None:
    """Convert MODEL to TensorFlow.js, and prove that it computes the same numbers there.

    The model is loaded, which runs its code. Nothing is written unless the numbers are the same.
    """
    refuse_clashes(context)
    from sigfix.pipeline.convert import convert as run
    from sigfix.rendering.conversion_json import conversion_data
    from sigfix.rendering.conversion_text import conversion_text
    from sigfix.rendering.json_text import json_text

    if changes.state not in (None, IO):
        raise UsageError(f"--state {changes.state}: expected {IO}.")
    of_preset = changes.normalize == "preset"
    choice = SourceChoice(
        signature=saved_model.signature,
        tags=saved_model.tags,
        layout=onnx.layout,
        preset=onnx.preset,
        preset_options=building.options(seed, of_preset),
        trust=running.trust,
        inputs=tuple(changes.inputs),
        outputs=tuple(changes.outputs),
        rename=tuple(changes.rename),
        states=changes.state == IO,
        cut=PARSED if changes.parsed else STRINGS if changes.cut_strings else "",
        normalize=None
        if changes.normalize is None or of_preset
        else parse_normalize(changes.normalize),
    )
    options = ConvertOptions(
        choice=choice,
        target=wanted.target,
        quantize=wanted.quantize,
        max_loss=wanted.max_loss,
        samples=wanted.samples,
        verify=not no_verify,
        inputs=running.inputs_file,
        force=wanted.force,
        keep_failed=wanted.keep_failed,
        without=tuple(debugging.without_pass),
        tolerance=tolerance,
        bisect=debugging.bisect_passes,
        seconds=running.timeout,
    )
    with steps(wanted.quiet) as say:
        result = run(model, wanted.directory, options, say)
    tell(result.notes)
    if wanted.output_format == JSON:
        typer.echo(json_text(conversion_data(result)), nl=False)
    else:
        typer.echo(conversion_text(result), nl=False)
