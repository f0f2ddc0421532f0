"""`sigfix diff`: what two models do not have in common."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from sigfix.cli.app import app
from sigfix.cli.groups import JSON, TEXT, Format
from sigfix.cli.terminal import terminal_style


@app.command()
def diff(
    left: Annotated[Path, typer.Argument(help="A SavedModel directory or a frozen graph.")],
    right: Annotated[Path, typer.Argument(help="The model to compare it with.")],
    output_format: Format = TEXT,
) -> None:
    """Compare the tags, signatures, functions, operators and variables of two models.

    Exits with 1 where they differ. Variables are compared by the checksums in their index.
    """
    from sigfix.pipeline.diff import diff as compare
    from sigfix.rendering.diff_text import diff_data, diff_text
    from sigfix.rendering.json_text import json_text

    found = compare(left, right)
    if output_format == JSON:
        typer.echo(json_text(diff_data(found, str(left), str(right))), nl=False)
    else:
        sys.stdout.write(diff_text(found, str(left), str(right), terminal_style()))
    if found:
        raise typer.Exit(1)
