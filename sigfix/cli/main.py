"""Entry point: run a command, and say an expected error in one message.

Exit codes: 0 the model is right, 1 it is not, 2 sigfix could not do its job.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from importlib import import_module

import typer

from sigfix.cli import app as application
from sigfix.cli.streams import safe_streams
from sigfix.cli.terminal import is_coloured
from sigfix.errors import SigfixError, UsageError
from sigfix.quoting import printable_lines, quote

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
    if wanted not in ("", *COMMANDS) and os.path.exists(wanted):  # noqa: PTH110  (raises nothing)
        raise UsageError(
            f"{wanted} is a path, and a command comes first.",
            f"sigfix inspect {quote(wanted)}",
        )


def report_error(error: SigfixError) -> None:
    """Print what is wrong, and what to do next, on standard error."""
    colour = is_coloured(sys.stderr)
    code = getattr(error, "code", "")
    parts = [
        ("error: ", typer.colors.RED, error.message),
        ("  try: ", typer.colors.CYAN, error.hint),
        ("  see: ", typer.colors.CYAN, f"sigfix explain {code}" if code else ""),
    ]
    with suppress(OSError):  # there is nowhere left to say it
        for label, painted, said in parts:
            if said:
                label = typer.style(label, fg=painted, bold=True) if colour else label
                typer.echo(label + printable_lines(said), err=True)


def main(arguments: list[str] | None = None) -> None:
    """Run `sigfix` with `arguments` (the process's own by default) and exit."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        with safe_streams():
            register(arguments)
            refuse_path(arguments)
            application.app(arguments, prog_name="sigfix")
    except SigfixError as error:
        if "--debug" in arguments:
            raise
        report_error(error)
        sys.exit(error.exit_code)
