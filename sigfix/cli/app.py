"""The typer application that every command module registers itself on."""

from __future__ import annotations

from typing import Annotated

import typer

from sigfix.version import __version__

app = typer.Typer(
    name="sigfix",
    help="Inspect, repair and convert TensorFlow SavedModels.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"sigfix {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback behind an error message.")
    ] = False,
) -> None:
    """Inspect, repair and convert TensorFlow SavedModels."""
