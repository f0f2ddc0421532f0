"""`sigfix diff`: what two models do not have in common."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from sigfix.cli.app import app
from sigfix.errors import UsageError


@app.command()
def diff(
    left: Annotated[Path, typer.Argument(help="A SavedModel directory or a frozen graph.")],
    right: Annotated[Path, typer.Argument(help="The model to compare it with.")],
    output_format: Annotated[str, typer.Option("--format", help="`text` or `json`.")] = "text",
) -> None:
    """Compare the tags, signatures, functions, operators and variables of two models.

    Exits with 1 where they differ. Variables are compared by the checksums in their index.
    """
    from sigfix.pipeline.diff import diff as compare
    from sigfix.rendering.diff_text import diff_data, diff_text
    from sigfix.rendering.style import Style

    if output_format not in ("text", "json"):
        raise UsageError(f"--format {output_format}: there are text and json.")
    found = compare(left, right)
    if output_format == "json":
        typer.echo(json.dumps(diff_data(found, str(left), str(right)), indent=2))
    else:
        style = Style(shutil.get_terminal_size().columns, sys.stdout.isatty())
        typer.echo(diff_text(found, str(left), str(right), style), nl=False)
    if found:
        raise typer.Exit(1)
