"""Entry point: run a command, and say an expected error in one message.

Exit codes: 0 the model is right, 1 it is not, 2 sigfix could not do its job.
"""

from __future__ import annotations

import shlex
import sys
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from shlex import quote

import typer

from sigfix.cli import app as application
from sigfix.errors import SigfixError, UsageError, WeightsUnavailableError

COMMANDS = ("convert", "diff", "explain", "inspect", "presets", "repair", "verify")
"""Each is a module of this package that registers itself when it is imported."""


def register(arguments: list[str]) -> None:
    """Import the command that `arguments` ask for; all of them where they ask for none.

    Setting up the options of every command would take longer than inspecting a model.
    """
    wanted = next((item for item in arguments if not item.startswith("-")), "")
    for name in (wanted,) if wanted in COMMANDS else COMMANDS:
        import_module(f"sigfix.cli.{name}")


def refuse_path(arguments: list[str]) -> None:
    """Raise `UsageError` where a model stands in the place of the command."""
    wanted = next((item for item in arguments if not item.startswith("-")), "")
    if wanted not in ("", *COMMANDS) and Path(wanted).exists():
        raise UsageError(
            f"{wanted} is a path, and a command comes first.",
            f"sigfix inspect {quote(wanted)}",
        )


def report_error(error: SigfixError) -> None:
    """Print what is wrong, and what to do next, on standard error."""
    typer.secho("error: ", fg=typer.colors.RED, bold=True, err=True, nl=False)
    typer.echo(error.message, err=True)
    if error.hint:
        typer.secho("  try: ", fg=typer.colors.CYAN, err=True, nl=False)
        typer.echo(error.hint, err=True)
    code = getattr(error, "code", "")
    if code:
        typer.secho("  see: ", fg=typer.colors.CYAN, err=True, nl=False)
        typer.echo(f"sigfix explain {code}", err=True)


def with_weights(arguments: list[str], file: str) -> str:
    """The command that was typed, with the weights in `file`."""
    kept: list[str] = []
    rest = iter(arguments)
    for item in rest:
        if item == "--weights":
            next(rest, "")
        elif not item.startswith("--weights="):
            kept.append(item)
    return shlex.join(["sigfix", *kept, "--weights", file])


def _write_any_text() -> None:
    """Let names be printed that the terminal's encoding does not have, as `\\xfc`, `\\u6a21`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def main(arguments: list[str] | None = None) -> None:
    """Run `sigfix` with `arguments` (the process's own by default) and exit."""
    arguments = sys.argv[1:] if arguments is None else arguments
    _write_any_text()
    register(arguments)
    try:
        refuse_path(arguments)
        application.app(arguments, prog_name="sigfix")
    except SigfixError as error:
        if "--debug" in arguments:
            raise
        if isinstance(error, WeightsUnavailableError):
            error.hint = error.way_on(error.url, with_weights(arguments, error.file))
        report_error(error)
        sys.exit(error.exit_code)
