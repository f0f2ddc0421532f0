"""`sigfix repair`: give a model the signature it lacks, or build a docTR preset."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sigfix.cli.app import app
from sigfix.cli.groups import JSON, PRESET, Building, Running
from sigfix.cli.options import grouped, names_of, option
from sigfix.cli.preset_steps import run_preset
from sigfix.cli.refusing import refuse_clashes, refuse_others, refuse_these
from sigfix.cli.repair_options import Chosen, Edits, Writing, choices_of
from sigfix.cli.repair_steps import load_inputs, load_plan, run_repair, show_plan
from sigfix.errors import UsageError
from sigfix.pipeline.applying import RepairOptions
from sigfix.presets import PRESETS

# By the names of the parameters of `repair`.
BUILT_ONLY = ("weights", "classes", "keep_onnx")
"""Options of a preset that is built, not of an existing model."""
PRESET_ONLY = ("vocab", "size", "raw_logits")
"""Options that need --preset."""
FOR_BUILDING = (
    "preset", "seed", "keep_onnx", "normalize", "output", "force", "dry_run", "quiet",
    "output_format",
    *names_of(Building),
)  # fmt: skip
"""All that mean something where a preset is built."""
BESIDE_A_PLAN = ("model", "seed", *names_of(Running, Writing))
"""All that mean something beside --plan: how it is checked and written, not what is planned."""


@app.command()
@grouped
def repair(
    context: typer.Context,
    *,
    model: Annotated[
        Path | None,
        typer.Argument(
            metavar="MODEL",
            help="A SavedModel directory, a frozen graph (.pb), an .onnx, .keras or .h5 file.",
        ),
    ] = None,
    chosen: Chosen,
    edits: Edits,
    preset: Annotated[
        str | None,
        option(
            "A docTR model to build, or whose spec MODEL must have.",
            "--preset",
            panel=PRESET,
            autocompletion=lambda: list(PRESETS),
        ),
    ] = None,
    building: Building,
    seed: Annotated[
        int, option("For random weights and made-up inputs.", "--seed", panel=PRESET)
    ] = 0,
    keep_onnx: Annotated[
        bool, option("Keep the exported ONNX beside the result.", "--keep-onnx", panel=PRESET)
    ] = False,
    running: Running,
    writing: Writing,
) -> None:
    """Give MODEL the signature it lacks, or build a docTR preset (--preset NAME, no MODEL).

    The plan is shown first; MODEL is never written.
    The result is read back from disk and compared with MODEL before it appears.
    """
    if model is None:
        build(context, preset, edits.normalize, building, seed, keep_onnx, writing)
        return
    refuse_clashes(context)
    if str(model) in PRESETS and not model.exists():
        raise UsageError(
            f"{model} does not exist; it is a preset's name.", f"sigfix repair --preset {model}"
        )
    if writing.plan_file is not None:
        why = f"is no part of {writing.plan_file}, which has all that is planned"
        refuse_others(context, BESIDE_A_PLAN, why)
    refuse_these(context, BUILT_ONLY, f"is for building a preset, and {model} has its own weights")
    if preset is None:
        refuse_these(context, PRESET_ONLY, "is for a docTR preset, and --preset names none")
    choices = choices_of(chosen, edits, preset, building)
    inputs = None if running.inputs_file is None else load_inputs(running.inputs_file)
    options = RepairOptions(
        force=writing.force,
        verify=not writing.no_verify,
        run=writing.run,
        trust=running.trust,
        seed=seed,
        seconds=running.timeout,
        inputs=inputs,
        keep_failed=writing.keep_failed,
    )
    is_json = writing.output_format == JSON
    saved = None if writing.plan_file is None else load_plan(writing.plan_file)
    if writing.dry_run:
        show_plan(model, writing.output, choices, options, saved, is_json)
        return
    run_repair(model, writing.output, choices, options, saved, is_json, writing.quiet)


def build(
    context: typer.Context,
    preset: str | None,
    normalize: str | None,
    building: Building,
    seed: int,
    keep_onnx: bool,
    writing: Writing,
) -> None:
    """`sigfix repair --preset NAME`: there is no model, so one is built."""
    if preset is None:
        raise UsageError(
            "Nothing to repair: neither a model nor a preset was named.",
            "sigfix repair MODEL, or sigfix repair --preset crnn_vgg16_bn",
        )
    refuse_others(context, FOR_BUILDING, "is for a MODEL, and a preset is built")
    if normalize not in (None, "preset"):
        raise UsageError(
            f"--normalize {normalize}: a preset has its own mean and deviation.",
            "--normalize preset",
        )
    wanted = building.options(seed, normalize is not None)
    run_preset(
        preset,
        writing.output,
        wanted,
        writing.force,
        keep_onnx,
        writing.dry_run,
        writing.output_format == JSON,
        writing.quiet,
    )
