"""`sigfix verify`: do two models compute the same?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sigfix.cli.app import app
from sigfix.cli.groups import CHECK, JSON, RESULT, SOURCE, ChosenTags, Format, Quiet, Running
from sigfix.cli.options import grouped, option
from sigfix.cli.refusing import refuse_clashes
from sigfix.cli.repair_steps import load_inputs
from sigfix.cli.steps import steps, tell
from sigfix.cli.terminal import terminal_style
from sigfix.errors import SigfixError, UsageError
from sigfix.packages import require_packages
from sigfix.quoting import quote_path

if TYPE_CHECKING:
    from sigfix.pipeline.progress import Say
    from sigfix.pipeline.stages import Asked
    from sigfix.verifying.stages import Stages
    from sigfix.verifying.verdict import Verification

NOT_TOLD = 2
"""The exit code where it could not be told whether two models are the same."""


def check_form(file: Path) -> None:
    """Raise `UsageError` for a name of another kind, `MissingExtraError`; before anything runs."""
    from sigfix.rendering.plotting import FORMS

    form = file.suffix.lower()
    if form not in FORMS:
        raise UsageError(
            f"--plot {file}: expected a name that ends in {', '.join(FORMS)}.",
            f"--plot {quote_path(file.with_suffix('.html'))}",
        )
    if form == ".png":
        require_packages("--plot to a PNG", "pictures", "PIL")


def inside(
    left: Path, right: Path, found: tuple[Verification, ...], asked: Asked, say: Say
) -> dict[str, Stages]:
    """What the two have inside, by the signature: of several one that differs, else the usual."""
    from sigfix.model import DEFAULT_SERVING_KEY
    from sigfix.pipeline.stages import stages_between

    compared = [parity for parity in found if parity.comparisons]
    if not compared:
        return {}
    key = min(compared, key=lambda each: (each.ok, each.key != DEFAULT_SERVING_KEY)).key
    say(f"comparing what is inside {key}")
    return {key: stages_between(left, right, key, asked)}


def draw(
    file: Path,
    found: tuple[Verification, ...],
    left: str,
    right: str,
    stages: dict[str, Stages],
) -> None:
    """Write the picture. Raises `OutputError`."""
    from sigfix.pipeline.write_failures import write_bytes
    from sigfix.rendering.verify_plot import verify_plot

    drawn = verify_plot(found, left, right, file.suffix.lower(), stages)
    write_bytes(file, drawn if isinstance(drawn, bytes) else drawn.encode())
    tell([f"Wrote {file}"])


@app.command()
@grouped
def verify(
    context: typer.Context,
    *,
    left: Annotated[
        Path,
        typer.Argument(help="A SavedModel, an ONNX or Keras file or a TensorFlow.js directory."),
    ],
    right: Annotated[Path, typer.Argument(help="The model that shall compute the same.")],
    running: Running,
    signature: Annotated[
        str | None,
        option("The signature to compare.  (default: all)", "--signature", panel=SOURCE),
    ] = None,
    tags: ChosenTags = None,
    tolerance: Annotated[
        float | None,
        option(
            "Largest difference, relative to an output's range.  "
            "(default: 1e-5, with TensorFlow.js 1e-4)",
            "--tolerance",
            panel=CHECK,
            min=0.0,
        ),
    ] = None,
    seed: Annotated[int, option("For made-up inputs.", "--seed", panel=CHECK)] = 0,
    plot: Annotated[
        Path | None,
        option(
            "Draw the differences by output and along the network: an .html, .svg or .png file.",
            "--plot",
            panel=RESULT,
            metavar="FILE",
        ),
    ] = None,
    output_format: Format = "text",
    quiet: Quiet = False,
) -> None:
    """Run the same inputs through two models and compare all outputs. Both are executed.

    Exits with 1 where they differ, with 2 where that could not be told.
    """
    refuse_clashes(context)
    from sigfix.pipeline.verify import verify as compare
    from sigfix.rendering.json_text import json_text
    from sigfix.rendering.verify_text import verify_data, verify_text

    if plot is not None:
        check_form(plot)
    inputs = None if running.inputs_file is None else load_inputs(running.inputs_file)
    try:
        with steps(quiet) as say:
            say(f"running {left} and {right}")
            found = compare(
                left,
                right,
                signature=signature,
                tags=tags,
                inputs=inputs,
                tolerance=tolerance,
                seed=seed,
                seconds=running.timeout,
                trust=running.trust,
            )
    except SigfixError as error:
        error.exit_code = NOT_TOLD  # whatever the reason: nothing was compared
        raise
    if plot is not None:
        from sigfix.pipeline.applying import RepairOptions
        from sigfix.pipeline.stages import Asked
        from sigfix.planning.choices import as_tags

        options = RepairOptions(trust=running.trust, seconds=running.timeout)
        asked = Asked(as_tags(tags), inputs, tolerance, seed, options)
        with steps(quiet) as say:
            stages = inside(left, right, found, asked, say)
        draw(plot, found, str(left), str(right), stages)
    if output_format == JSON:
        data = verify_data(found, str(left), str(right))
        typer.echo(json_text(data), nl=False)
    else:
        sys.stdout.write(verify_text(found, str(left), str(right), terminal_style()))
    verdicts = {parity.verdict for parity in found}
    if "different" in verdicts:
        raise typer.Exit(1)
    if verdicts != {"same"}:
        raise typer.Exit(NOT_TOLD)
