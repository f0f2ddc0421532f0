"""`sigfix repair`: give a model the signature it lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from sigfix.cli.app import app
from sigfix.cli.options import option
from sigfix.cli.preset_steps import (
    BUILDING,
    BUILT_ONLY,
    PLANNED,
    PRESET_ONLY,
    refuse_others,
    refuse_these,
    run_preset,
)
from sigfix.cli.repair_steps import (
    load_inputs,
    load_plan,
    parse_normalize,
    parse_tags,
    parse_vocabulary,
    run_repair,
    show_plan,
)
from sigfix.errors import UsageError
from sigfix.planning import Choices, parsing
from sigfix.presets import PRESETS, find_preset

_MODEL = "What to choose"
_EDITS = "What to change"
_CHECKS = "Checking and writing"
_PRESET = "docTR presets"


@app.command()
def repair(
    context: typer.Context,
    model: Annotated[
        Optional[Path],  # noqa: UP045  (typer reads it at run time on 3.10)
        typer.Argument(
            help="A SavedModel directory, a frozen graph (.pb), an .onnx, .keras or .h5 file."
        ),
    ] = None,
    function: Annotated[
        list[str],
        option(
            "Build it from this function, as `encoder.__call__`; `KEY=PATH` makes one more.",
            "--function",
            panel=_MODEL,
        ),
    ] = [],  # noqa: B006
    from_key: Annotated[
        list[str],
        option(
            "Build it from this signature, several are merged; `KEY=OLD`, `KEY=ONE+OTHER` make "
            "one more.",
            "--from",
            panel=_MODEL,
        ),
    ] = [],  # noqa: B006
    tags: Annotated[
        Optional[str],  # noqa: UP045
        option(
            "The MetaGraph with exactly these tags: `serve` or `serve,gpu`.", "--tags", panel=_MODEL
        ),
    ] = None,
    signature: Annotated[
        str, option("The key of the signature to make.", "--signature", panel=_MODEL)
    ] = "serving_default",
    inputs: Annotated[
        list[str],
        option(
            "An input's name, dtype and shape: `image=float32[?,32,128,3]`; `new:old=...` renames.",
            "--input",
            panel=_EDITS,
        ),
    ] = [],  # noqa: B006
    outputs: Annotated[
        list[str],
        option(
            "An output: `probabilities=softmax:0`; `KEY/NAME=TENSOR` of another signature.",
            "--output",
            panel=_EDITS,
        ),
    ] = [],  # noqa: B006
    bind: Annotated[
        list[str],
        option("A value for what is no input: `training=false`.", "--bind", panel=_EDITS),
    ] = [],  # noqa: B006
    rename: Annotated[
        list[str], option("An input or output: `old=new`.", "--rename", panel=_EDITS)
    ] = [],  # noqa: B006
    drop_output: Annotated[
        list[str], option("An output to leave out.", "--drop-output", panel=_EDITS)
    ] = [],  # noqa: B006
    append: Annotated[
        list[str],
        option("One more output: `probabilities=sigmoid(logits)`.", "--append", panel=_EDITS),
    ] = [],  # noqa: B006
    normalize: Annotated[
        Optional[str],  # noqa: UP045
        option(
            "Bake in `mean,std,scale`, `image:mean,std` for one input, channels `r/g/b`; or "
            "`preset`, those of --preset.",
            "--normalize",
            panel=_EDITS,
        ),
    ] = None,
    layout: Annotated[
        Optional[str],  # noqa: UP045
        option(
            "`nhwc` or `nchw` at the edges; `nhwc:image,map` for these alone.",
            "--layout",
            panel=_EDITS,
        ),
    ] = None,
    remove_signature: Annotated[
        list[str], option("A signature to remove.", "--remove-signature", panel=_EDITS)
    ] = [],  # noqa: B006
    rename_signature: Annotated[
        list[str], option("A signature's key: `old=new`.", "--rename-signature", panel=_EDITS)
    ] = [],  # noqa: B006
    method_name: Annotated[
        Optional[str],  # noqa: UP045
        option("The method name of the signature.", "--method-name", panel=_EDITS),
    ] = None,
    set_tags: Annotated[
        Optional[str],  # noqa: UP045
        option("The tags the MetaGraph shall have.", "--set-tags", panel=_EDITS),
    ] = None,
    only_meta_graph: Annotated[
        bool, option("Drop the other MetaGraphs.", "--only-metagraph", panel=_EDITS)
    ] = False,
    preset: Annotated[
        Optional[str],  # noqa: UP045
        option(
            "A docTR model to build, or whose spec MODEL must have.",
            "--preset",
            panel=_PRESET,
            autocompletion=lambda: list(PRESETS),
        ),
    ] = None,
    weights: Annotated[
        str, option("`pretrained`, `random` or a file.", "--weights", panel=_PRESET)
    ] = "pretrained",
    seed: Annotated[
        int, option("For random weights and seeded inputs.", "--seed", panel=_PRESET)
    ] = 0,
    vocab: Annotated[
        Optional[str],  # noqa: UP045
        option("Name of a docTR vocabulary, or the characters.", "--vocab", panel=_PRESET),
    ] = None,
    size: Annotated[
        Optional[int],  # noqa: UP045
        option("Side of a detector's images in pixels.  [1024]", "--size", panel=_PRESET),
    ] = None,
    raw_logits: Annotated[
        bool, option("Leave a detector's sigmoid out.", "--raw-logits", panel=_PRESET)
    ] = False,
    keep_onnx: Annotated[
        bool, option("Keep the exported ONNX beside the result.", "--keep-onnx", panel=_PRESET)
    ] = False,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        option(
            "The new directory.  (default: MODEL_repaired)", "-o", "--output-dir", panel=_CHECKS
        ),
    ] = None,
    plan_file: Annotated[
        Optional[Path],  # noqa: UP045
        option("Apply this plan, made with --dry-run --format json.", "--plan", panel=_CHECKS),
    ] = None,
    dry_run: Annotated[
        bool,
        option("Show the plan and stop; TensorFlow is not needed.", "--dry-run", panel=_CHECKS),
    ] = False,
    force: Annotated[
        bool, option("Replace an existing model or empty directory.", "--force", panel=_CHECKS)
    ] = False,
    inputs_file: Annotated[
        Optional[Path],  # noqa: UP045
        option("Inputs for the comparison (.npz), not seeded ones.", "--inputs", panel=_CHECKS),
    ] = None,
    no_verify: Annotated[bool, option("Compare no numbers.", "--no-verify", panel=_CHECKS)] = False,
    run: Annotated[
        bool, option("Compare numbers for metadata-only repairs too.", "--run", panel=_CHECKS)
    ] = False,
    trust: Annotated[
        bool, option("Run a model with file or process operators.", "--trust", panel=_CHECKS)
    ] = False,
    timeout: Annotated[
        float, option("Seconds a comparison may take.", "--timeout", panel=_CHECKS)
    ] = 600.0,
    keep_failed: Annotated[
        Optional[Path],  # noqa: UP045
        option("Where a result that failed its check is moved.", "--keep-failed", panel=_CHECKS),
    ] = None,
    output_format: Annotated[str, option("`text` or `json`.", "--format", panel=_CHECKS)] = "text",
    quiet: Annotated[
        bool, option("No progress on standard error.", "--quiet", "-q", panel=_CHECKS)
    ] = False,
) -> None:
    """Give MODEL the signature it lacks, or build a docTR preset (--preset NAME, no MODEL).

    The plan is shown first; MODEL is never written.
    The result is read back from disk and compared with MODEL before it appears.
    """
    if output_format not in ("text", "json"):
        raise UsageError(f"--format {output_format}: there are text and json.")
    if model is None:
        if preset is None:
            raise UsageError(
                "Nothing to repair: neither a model nor a preset was named.",
                "sigfix repair MODEL, or sigfix repair --preset crnn_vgg16_bn",
            )
        from sigfix.pipeline.preset import PresetOptions

        refuse_others(context, BUILDING, "is for a MODEL, and a preset is built")
        if normalize not in (None, "preset"):
            raise UsageError(
                f"--normalize {normalize}: a preset has its own mean and deviation.",
                "--normalize preset",
            )
        wanted = PresetOptions(weights, seed, vocab, size, raw_logits, normalize is not None)
        run_preset(preset, output, wanted, force, keep_onnx, dry_run, quiet)
        return
    if plan_file is not None:
        refuse_others(context, PLANNED, f"is no part of {plan_file}, which has all that is planned")
    refuse_these(context, BUILT_ONLY, f"is for building a preset, and {model} has its own weights")
    if preset is None:
        refuse_these(context, PRESET_ONLY, "is for a docTR preset, and --preset names none")
    sources = parsing.parse_sources(function, from_key, outputs)
    edges, images = (None, ()) if layout is None else parsing.parse_layout(layout)
    choices = Choices(
        key=signature,
        function=sources.function,
        from_key=sources.from_key,
        signatures=sources.signatures,
        tags=parse_tags(tags),
        set_tags=parse_tags(set_tags),
        inputs=tuple(map(parsing.parse_input, inputs)),
        outputs=sources.outputs,
        rename=tuple(parsing.parse_pair("--rename", item) for item in rename),
        drop_outputs=tuple(drop_output),
        bind=tuple(map(parsing.parse_binding, bind)),
        append=tuple(map(parsing.parse_append, append)),
        normalize=parse_normalize(normalize, preset),
        layout=edges,
        layout_of=images,
        remove=tuple(remove_signature),
        rename_signatures=tuple(
            parsing.parse_pair("--rename-signature", item) for item in rename_signature
        ),
        method_name=method_name,
        only_meta_graph=only_meta_graph,
        preset=None if preset is None else find_preset(preset, size, raw_logits),
        vocabulary=parse_vocabulary(vocab),
    )
    from sigfix.pipeline.applying import RepairOptions

    options = RepairOptions(
        force=force,
        verify=not no_verify,
        run=run,
        trust=trust,
        seed=seed,
        seconds=timeout,
        inputs=None if inputs_file is None else load_inputs(inputs_file),
        keep_failed=keep_failed,
    )
    is_json = output_format == "json"
    saved = None if plan_file is None else load_plan(plan_file)
    if dry_run:
        show_plan(model, output, choices, saved, is_json)
        return
    run_repair(model, output, choices, options, saved, is_json, quiet)
