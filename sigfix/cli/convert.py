"""`sigfix convert --tfjs`: to a TensorFlow.js graph model, checked in TensorFlow.js."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from sigfix.cli.app import app
from sigfix.cli.options import option
from sigfix.errors import UsageError
from sigfix.optimising.passes import ANY_TARGET, PASSES, TARGETS
from sigfix.planning.parsing import parse_sizes
from sigfix.presets import PRESETS

_SOURCE = "What to convert"
_RESULT = "The result"
_CHECK = "The check"
_DEBUGGING = "Debugging"


@app.command()
def convert(
    model: Annotated[
        Optional[str],  # noqa: UP045  (typer reads it at run time on 3.10)
        typer.Argument(
            help="A SavedModel directory, an .onnx file or a preset's name.  "
            "(default: the only SavedModel below here)",
            show_default=False,
        ),
    ] = None,
    tfjs: Annotated[bool, option("To TensorFlow.js.", "--tfjs", panel=_RESULT)] = False,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        option(
            "The new directory.  (default: MODEL_tfjs)",
            "-o",
            "--output-dir",
            "--output",
            panel=_RESULT,
        ),
    ] = None,
    target: Annotated[
        str,
        option(
            "tfjs for every backend, or tfjs-wasm for one that will run on wasm alone.",
            "--target",
            panel=_RESULT,
            autocompletion=lambda: list(TARGETS),
        ),
    ] = ANY_TARGET,
    quantize: Annotated[
        Optional[str],  # noqa: UP045
        option(
            "Store weights as uint8, uint16 or float16, or as auto finds best.",
            "--quantize",
            panel=_RESULT,
        ),
    ] = None,
    max_loss: Annotated[
        Optional[float],  # noqa: UP045
        option(
            "What quantising may change, as a part of 1: for auto of the words or of an output's "
            "range  [0.01], else of an output's range  [0.2].",
            "--max-loss",
            panel=_RESULT,
        ),
    ] = None,
    samples: Annotated[
        Optional[Path],  # noqa: UP045
        option(
            "What auto measures on: pictures or an .npz file.  (default: rendered words)",
            "--samples",
            panel=_RESULT,
        ),
    ] = None,
    force: Annotated[
        bool, option("Replace an existing model or empty directory.", "--force", panel=_RESULT)
    ] = False,
    signature: Annotated[
        Optional[str],  # noqa: UP045
        option(
            "The signature.  (default: serving_default, or the only one)",
            "--signature",
            panel=_SOURCE,
        ),
    ] = None,
    tags: Annotated[
        Optional[str],  # noqa: UP045
        option("The MetaGraph with exactly these tags: serve,gpu.", "--tags", panel=_SOURCE),
    ] = None,
    preset: Annotated[
        Optional[str],  # noqa: UP045
        option(
            "The docTR model that an .onnx file is.",
            "--preset",
            panel=_SOURCE,
            autocompletion=lambda: list(PRESETS),
        ),
    ] = None,
    sizes: Annotated[
        Optional[list[str]],  # noqa: UP045
        option(
            "Sizes of an .onnx file's input: `image=float32[?,3,224,224]`.",
            "--input",
            panel=_SOURCE,
        ),
    ] = None,
    layout: Annotated[
        Optional[str],  # noqa: UP045
        option("nhwc: make 4-D inputs of an .onnx file channels-last.", "--layout", panel=_SOURCE),
    ] = None,
    weights: Annotated[
        str,
        option("For a preset's name: pretrained, random or a file.", "--weights", panel=_SOURCE),
    ] = "pretrained",
    seed: Annotated[int, option("For random weights.", "--seed", panel=_SOURCE)] = 0,
    vocab: Annotated[
        Optional[str],  # noqa: UP045
        option("Name of a docTR vocabulary, or the characters.", "--vocab", panel=_SOURCE),
    ] = None,
    size: Annotated[
        Optional[int],  # noqa: UP045
        option("Side of a detector's images in pixels.  [1024]", "--size", panel=_SOURCE),
    ] = None,
    raw_logits: Annotated[
        bool, option("Leave a detector's sigmoid out.", "--raw-logits", panel=_SOURCE)
    ] = False,
    normalize: Annotated[
        bool,
        option(
            "For a preset: put its mean and deviation into the model.",
            "--normalize",
            panel=_SOURCE,
        ),
    ] = False,
    inputs: Annotated[
        Optional[Path],  # noqa: UP045
        option("Inputs to compare with (.npz), not seeded ones.", "--inputs", panel=_CHECK),
    ] = None,
    tolerance: Annotated[
        Optional[float],  # noqa: UP045
        option(
            "Largest difference, relative to an output's range.  (default: 1e-4, or four times "
            "the source's own noise)",
            "--tolerance",
            panel=_CHECK,
            min=0.0,
        ),
    ] = None,
    timeout: Annotated[
        float, option("Seconds that each run of a model may take.", "--timeout", panel=_CHECK)
    ] = 600.0,
    no_verify: Annotated[
        bool,
        option("Compare no numbers, and write the result unchecked.", "--no-verify", panel=_CHECK),
    ] = False,
    trust: Annotated[
        bool,
        option("Load a model with file or process operators.", "--trust", panel=_CHECK),
    ] = False,
    keep_failed: Annotated[
        Optional[Path],  # noqa: UP045
        option("Where a result that failed the check is moved.", "--keep-failed", panel=_CHECK),
    ] = None,
    without_pass: Annotated[
        Optional[list[str]],  # noqa: UP045
        option(
            "Leave a graph pass out (repeat for more): "
            + ", ".join(each.name for each in PASSES)
            + ".",
            "--without-pass",
            panel=_DEBUGGING,
            metavar="NAME",
        ),
    ] = None,
    bisect_passes: Annotated[
        bool,
        option(
            "Where the numbers differ, find the graph pass at fault and name it.",
            "--bisect-passes",
            panel=_DEBUGGING,
        ),
    ] = False,
    quiet: Annotated[
        bool, option("No progress on standard error.", "--quiet", "-q", panel=_CHECK)
    ] = False,
) -> None:
    """Convert MODEL to TensorFlow.js, and prove that it computes the same numbers there.

    The model is loaded, which runs its code. Nothing is written unless the numbers are the same.
    """
    if not tfjs:
        raise UsageError("convert to what? TensorFlow.js is the one target.", "add --tfjs")
    from sigfix.cli.steps import steps, tell
    from sigfix.pipeline.conversion_options import ConvertOptions
    from sigfix.pipeline.convert import convert as run
    from sigfix.pipeline.prepare import Choice
    from sigfix.pipeline.preset import PresetOptions
    from sigfix.rendering.conversion_text import conversion_text

    options = ConvertOptions(
        choice=Choice(
            signature=signature,
            tags=None if tags is None else tuple(t.strip() for t in tags.split(",") if t.strip()),
            layout=layout,
            sizes=parse_sizes(sizes or ()),
            preset=preset,
            preset_options=PresetOptions(weights, seed, vocab, size, raw_logits, normalize),
            trust=trust,
        ),
        target=target,
        quantize=quantize,
        max_loss=max_loss,
        samples=samples,
        verify=not no_verify,
        inputs=inputs,
        force=force,
        keep_failed=keep_failed,
        without=tuple(without_pass or ()),
        tolerance=tolerance,
        bisect=bisect_passes,
        seconds=timeout,
    )
    with steps(quiet) as say:
        result = run(model, output, options, say)
    tell(result.notes)
    typer.echo(conversion_text(result), nl=False)
