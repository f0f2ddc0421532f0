"""`sigfix verify`: do two models compute the same?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from sigfix.cli.app import app
from sigfix.cli.repair_steps import load_inputs, parse_tags
from sigfix.cli.steps import steps
from sigfix.cli.terminal import terminal_style
from sigfix.errors import SigfixError, UsageError

NOT_TOLD = 2
"""The exit code where it could not be told whether two models are the same."""


@app.command()
def verify(
    left: Annotated[
        Path, typer.Argument(help="A SavedModel, an ONNX file or a TensorFlow.js directory.")
    ],
    right: Annotated[Path, typer.Argument(help="The model that shall compute the same.")],
    signature: Annotated[
        Optional[str],  # noqa: UP045  (typer reads it at run time on 3.10)
        typer.Option("--signature", help="The signature to compare.  (default: all)"),
    ] = None,
    tags: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--tags", help="The MetaGraph with exactly these tags: `serve,gpu`."),
    ] = None,
    inputs_file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--inputs", help="Inputs for both models (.npz), not seeded ones."),
    ] = None,
    tolerance: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            "--tolerance",
            min=0.0,
            help="Largest difference, relative to an output's range.  "
            "(default: 1e-5, with TensorFlow.js 1e-4)",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="For the seeded inputs.")] = 0,
    trust: Annotated[
        bool, typer.Option("--trust", help="Run a model with file or process operators.")
    ] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", help="Seconds that a model may take.")
    ] = 600.0,
    output_format: Annotated[str, typer.Option("--format", help="`text` or `json`.")] = "text",
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress on standard error.")
    ] = False,
) -> None:
    """Run the same inputs through two models and compare all outputs. Both are executed.

    Exits with 1 where they differ, with 2 where that could not be told.
    """
    from sigfix.pipeline.verify import verify as compare
    from sigfix.rendering.json_text import json_text
    from sigfix.rendering.verify_text import verify_data, verify_text

    if output_format not in ("text", "json"):
        raise UsageError(f"--format {output_format}: there are text and json.")
    inputs = None if inputs_file is None else load_inputs(inputs_file)
    try:
        with steps(quiet) as say:
            say(f"running {left} and {right}")
            found = compare(
                left,
                right,
                signature=signature,
                tags=parse_tags(tags),
                inputs=inputs,
                tolerance=tolerance,
                seed=seed,
                seconds=timeout,
                trust=trust,
            )
    except SigfixError as error:
        error.exit_code = NOT_TOLD  # whatever the reason: nothing was compared
        raise
    if output_format == "json":
        data = verify_data(found, str(left), str(right))
        typer.echo(json_text(data), nl=False)
    else:
        typer.echo(verify_text(found, str(left), str(right), terminal_style()), nl=False)
    verdicts = {parity.verdict for parity in found}
    if "different" in verdicts:
        raise typer.Exit(1)
    if verdicts != {"same"}:
        raise typer.Exit(NOT_TOLD)
