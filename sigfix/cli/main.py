"""Entry point: run a command, and say an expected error in one message.

Exit codes: 0 the model is right, 1 it is not, 2 sigfix could not do its job; 128 and the number of
the signal (130 for Ctrl-C, 143 for SIGTERM) where it was stopped.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from importlib import import_module
from itertools import pairwise, takewhile

from sigfix import quoting
from sigfix.cli.streams import safe_streams
from sigfix.cli.terminal import is_coloured, settle_colours
from sigfix.errors import (
    FaultError,
    OtherPresetError,
    OutputError,
    SigfixError,
    UsageError,
    WeightsUnavailableError,
)
from sigfix.lean import import_lean, keep_to_the_end
from sigfix.quoting import printable_lines, quote_path
from sigfix.stopping import Stopped, ignore, watched, written_by_now

COMMANDS = (
    "bundle",
    "convert",
    "diff",
    "explain",
    "inspect",
    "presets",
    "repair",
    "serve",
    "verify",
)
"""Each is a module of this package that registers itself when it is imported."""


def register(arguments: list[str]) -> None:
    """Import the command that `arguments` ask for; all of them where they ask for none.

    Setting up the options of every command would take longer than inspecting a model.
    """
    wanted = next((item for item in arguments if not item.startswith("-")), "")
    for name in (wanted,) if wanted in COMMANDS else COMMANDS:
        import_module(f"sigfix.cli.{name}")


def refuse_path(arguments: list[str]) -> None:
    """Raise `UsageError` where a path stands in the place of the command, or is no path to it."""
    wanted = next((item for item in arguments if not item.startswith("-")), "")
    if wanted not in ("", *COMMANDS) and os.path.exists(wanted):  # noqa: PTH110  (raises nothing)
        raise UsageError(
            f"{wanted} is a path, and a command comes first.",
            f"sigfix inspect {quote_path(wanted)}",
        )
    for item in takewhile("--".__ne__, arguments):
        if item.startswith("-") and len(item) > 2 and os.path.lexists(item):
            raise UsageError(f"{item} is a path, and is taken for an option.", f"./{item}")


def report_error(error: SigfixError) -> None:
    """Print what is wrong, and what to do next, on standard error."""
    import typer

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
                text = label + _indented(printable_lines(said))
                typer.echo(text, err=True, color=colour)


def _indented(said: str) -> str:
    """Lines after the first below it: a name with a line end in it makes no message of its own."""
    first, *rest = said.split("\n")
    margin = " " * len("error: ")
    return "\n".join((first, *(f"{margin}{line.removeprefix(margin)}" for line in rest)))


def wants_json(arguments: list[str]) -> bool:
    """Whether a program reads standard output, and wants a document in any case."""
    words = [word for item in arguments for word in item.split("=", 1)]
    return any(pair in (("--format", "json"), ("-f", "json")) for pair in pairwise(words))


def write_error(error: SigfixError) -> None:
    """The error as a JSON document, after the schema in `rendering/schemas/error.json`."""
    from sigfix.rendering.json_text import error_data, json_text

    sys.stdout.write(json_text(error_data(error)))
    sys.stdout.flush()


def report_stop(stopped: Stopped) -> None:
    """Print on standard error what stopped the run, and what it had written by then."""
    written = ", ".join(map(str, written_by_now())) or "Nothing"
    with suppress(OSError, ValueError):  # there is nowhere left to say it
        sys.stderr.write(f"\n{printable_lines(f'{stopped} {written} was written.')}\n")


def with_weights(arguments: list[str], file: str, option: str = "--weights") -> str:
    """The command that was typed, with the weights in `file`, which `option` names."""
    kept: list[str] = []
    rest = iter(arguments)
    for item in rest:
        if item == option:
            next(rest, "")
        elif not item.startswith(f"{option}="):
            kept.append(item)
    return quoting.join(["sigfix", *kept, option, file])


def with_preset(arguments: list[str], asked: str, found: str) -> str:
    """The command that was typed, with another preset in the place of the one asked for."""
    kept = [
        re.sub(rf"^(--[\w-]+=|){re.escape(asked)}$", rf"\g<1>{found}", item) for item in arguments
    ]
    return quoting.join(["sigfix", *kept])


def main(arguments: list[str] | None = None) -> None:
    """Run `sigfix` with `arguments` (the process's own by default) and exit."""
    with watched():  # before what takes long to import
        try:
            _run(sys.argv[1:] if arguments is None else arguments)
        except Stopped as stopped:
            ignore()
            report_stop(stopped)
            sys.exit(stopped.exit_code)
        finally:
            if arguments is None:
                keep_to_the_end()


def _run(arguments: list[str]) -> None:
    import_lean()
    from sigfix.cli.app import app
    from sigfix.cli.spellings import understood
    from sigfix.cli.steps import tell

    settle_colours()
    try:
        with safe_streams():
            register(arguments)
            refuse_path(arguments)
            arguments, notes = understood(arguments)
            tell(notes)
            app(arguments, prog_name="sigfix")
    except SigfixError as error:
        if "--debug" in arguments:
            raise
        if isinstance(error, FaultError):
            command = quoting.join(["sigfix", "--debug", *arguments])
            error.hint = f"{command}   # shows the traceback, which is worth a report"
        if isinstance(error, WeightsUnavailableError):
            error.hint = error.way_on(with_weights(arguments, error.file, error.option))
        if isinstance(error, OtherPresetError):
            error.hint = with_preset(arguments, error.asked, error.found)
        report_error(error)
        if sys.stdout is not None and wants_json(arguments):
            with suppress(OSError, OutputError):  # standard output may be what is at fault
                write_error(error)
        sys.exit(error.exit_code)
