"""`sigfix convert`: to a TensorFlow.js graph model, checked in TensorFlow.js."""

from __future__ import annotations

from typing import Annotated

import typer

from sigfix.cli.app import app
from sigfix.cli.convert_options import IO, Changes, Debugging, OfOnnx, OfSavedModel, Result
from sigfix.cli.groups import CHECK, JSON, PRESET, Building, NoVerify, Running
from sigfix.cli.options import grouped, option
from sigfix.cli.refusing import refuse_clashes
from sigfix.cli.steps import steps, tell
from sigfix.errors import UsageError
from sigfix.pipeline.conversion_options import ConvertOptions
from sigfix.pipeline.prepared import PARSED, STRINGS, SourceChoice
from sigfix.planning.parsing import parse_normalize


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
            metavar="MODEL",
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
            metavar="<float>",
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
    if wanted.bundle:
        _bundle(model, wanted, options)
        return
    with steps(wanted.quiet) as say:
        result = run(model, wanted.directory, options, say)
    tell(result.notes)
    if wanted.output_format == JSON:
        typer.echo(json_text(conversion_data(result)), nl=False)
    else:
        typer.echo(conversion_text(result), nl=False)


def _bundle(model: str | None, wanted: Result, options: ConvertOptions) -> None:
    """The same into a folder with a page."""
    from sigfix.cli.bundle import tell_bundle
    from sigfix.pipeline.bundle_alone import bundle_alone

    with steps(wanted.quiet) as say:
        made = bundle_alone(model, wanted.directory, options, say)
    tell_bundle(made, wanted.output_format)
