"""`sigfix presets`: the docTR models that sigfix can build."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from sigfix.cli.app import app
from sigfix.cli.groups import JSON, TEXT, Format
from sigfix.presets import PRESETS, find_preset
from sigfix.rendering.json_text import json_text
from sigfix.rendering.presets_text import preset_json, preset_text, presets_text


@app.command()
def presets(
    name: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(help="Show this one in full.", show_default=False),
    ] = None,
    output_format: Format = TEXT,
) -> None:
    """List the docTR presets, or show one: task, input, normalisation, output, decoder."""
    if output_format == JSON:
        rows = [preset_json(p) for p in PRESETS.values()]
        shown = rows if name is None else preset_json(find_preset(name))
        typer.echo(json_text(shown), nl=False)
    else:
        text = presets_text(PRESETS.values()) if name is None else preset_text(find_preset(name))
        typer.echo(text, nl=False)
