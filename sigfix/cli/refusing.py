"""Options that mean nothing together are refused, by the names of a command's parameters."""

from __future__ import annotations

from collections.abc import Collection

import typer

from sigfix.errors import UsageError


def refuse_these(context: typer.Context, names: Collection[str], why: str) -> None:
    """Raise `UsageError` for the first option of `names` that the user gave."""
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        given = source is not None and source.name in ("COMMANDLINE", "ENVIRONMENT")
        if given and parameter.name in names:
            option = max(parameter.opts, key=len)
            raise UsageError(f"{option} {why}.", "leave it out")


def refuse_others(context: typer.Context, names: Collection[str], why: str) -> None:
    """Raise `UsageError` for the first option not in `names` that the user gave."""
    every = {parameter.name or "" for parameter in context.command.params}
    refuse_these(context, every - set(names), why)
