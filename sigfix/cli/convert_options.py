"""The options of `sigfix convert`, in groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from sigfix.cli.groups import (
    CHANGE,
    RESULT,
    SOURCE,
    TEXT,
    ChosenTags,
    Force,
    Format,
    KeepFailed,
    Quiet,
    Renames,
    pair_of,
)
from sigfix.cli.options import option
from sigfix.optimising.passes import ANY_TARGET, TARGETS
from sigfix.pipeline.prepared import PARSED, STRINGS
from sigfix.planning.choices import InputChoice, Pair
from sigfix.planning.parsing import parse_input
from sigfix.presets import PRESETS

DEBUGGING = "Debugging"
WEIGHTS = "Smaller weights"
IO = "io"


@dataclass(frozen=True)
class Result:
    """What is made, and where."""

    tfjs: Annotated[
        bool,
        option(
            "To TensorFlow.js: the one target, so it may be left out.",
            "--tfjs",
            panel=RESULT,
            show_default=False,
        ),
    ] = True
    bundle: Annotated[
        bool,
        option(
            "A folder for a web server: a docTR model, and a page that shows what it says of a "
            "picture.",
            "--bundle",
            panel=RESULT,
        ),
    ] = False
    directory: Annotated[
        Path | None,
        option(
            "The new directory.  (default: MODEL_tfjs, with --bundle MODEL_site)",
            "-o",
            "--output-dir",
            panel=RESULT,
        ),
    ] = None
    target: Annotated[
        str,
        option(
            "`tfjs`: for every backend. `tfjs-wasm`: faster on wasm, and for it alone.",
            "--target",
            panel=RESULT,
            autocompletion=lambda: list(TARGETS),
        ),
    ] = ANY_TARGET
    quantize: Annotated[
        str | None,
        option(
            "How weights are stored: `uint8`, `mixed` (uint8, and float16 where that matters), "
            "`uint16`, `float16`, or `auto`, the smallest that keeps the answers.",
            "--quantize",
            panel=WEIGHTS,
        ),
    ] = None
    max_loss: Annotated[
        float | None,
        option(
            "How much that may change, as a part of 1. With `auto` of the words that are read, or "
            "of an output's range (default: 0.01); else of an output's range (default: 0.9 of what "
            "it varies by).",
            "--max-loss",
            panel=WEIGHTS,
        ),
    ] = None
    samples: Annotated[
        Path | None,
        option(
            "What `auto` and `mixed` measure on: a folder of pictures, or an .npz file.  (default: "
            "200 rendered words, or what else the model is for)",
            "--samples",
            panel=WEIGHTS,
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
        option("`nhwc`: make 4-D inputs of an .onnx file channels-last.", "--layout", panel=SOURCE),
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
            "`io`: make what the model keeps from one call to the next inputs and outputs.",
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
            "Leave a graph pass out; repeat for more. A name that is none lists them all.",
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
