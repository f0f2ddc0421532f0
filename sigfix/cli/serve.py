"""`sigfix serve`: a bundle in the browser of this machine."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Annotated

import typer

from sigfix.cli.app import app
from sigfix.cli.options import option
from sigfix.cli.steps import tell

PORT = 8000


@app.command()
def serve(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A folder that `sigfix bundle` wrote.")
    ],
    port: Annotated[
        int, option("The port; 0 takes a free one.", "--port", min=0, max=65535)
    ] = PORT,
) -> None:
    """Serve a bundle on this machine alone (127.0.0.1), until Ctrl-C."""
    from sigfix.pipeline.bundle_form import damages, read_manifest
    from sigfix.pipeline.serving import served

    found = damages(folder, read_manifest(folder))
    tell(f"warning: {folder} is damaged: {each}." for each in found)
    with served(folder, port) as address:
        typer.echo(f"{folder} is at {address}\nCtrl-C stops it.")
        threading.Event().wait()
