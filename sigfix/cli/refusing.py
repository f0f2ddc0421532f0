"""Options that mean nothing together are refused, by the names of a command's parameters."""

from __future__ import annotations

from collections.abc import Collection

import typer

from sigfix.errors import UsageError

_NO_NUMBERS = "compares no numbers"
_OWN_INPUTS = "are compared with, and none is made up"
CLASHES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "repair": (
        ("no_verify", "run", _NO_NUMBERS),
        ("no_verify", "inputs_file", _NO_NUMBERS),
        ("no_verify", "keep_failed", "publishes the result without a check that it could fail"),
        ("no_verify", "seed", _NO_NUMBERS),
        ("inputs_file", "seed", _OWN_INPUTS),
    ),
    "convert": (
        ("no_verify", "inputs_file", _NO_NUMBERS),
        ("no_verify", "keep_failed", "publishes the result without a check that it could fail"),
        ("no_verify", "tolerance", _NO_NUMBERS),
        ("no_verify", "bisect_passes", _NO_NUMBERS),
        ("parsed", "cut_strings", "cuts the parser off"),
        ("bundle", "keep_failed", "keeps nothing that failed"),
    ),
    "verify": (("inputs_file", "seed", _OWN_INPUTS),),
}
"""By command: two options, and what the first one does that leaves the second without a meaning.

`--dry-run` is in none: it shows what the command would do, whatever that is.
"""


def refuse_clashes(context: typer.Context) -> None:
    """Raise `UsageError` for two options of the command that mean nothing together."""
    for one, other, why in CLASHES[context.command.name or ""]:
        if _is_given(context, one) and _is_given(context, other):
            first, second = _option(context, one), _option(context, other)
            raise UsageError(f"{first} {why}: {second} means nothing beside it.", "leave one out")


def refuse_these(context: typer.Context, names: Collection[str], why: str) -> None:
    """Raise `UsageError` for the first option of `names` that the user gave."""
    for parameter in context.command.params:
        name = parameter.name or ""
        if name in names and _is_given(context, name):
            raise UsageError(f"{_option(context, name)} {why}.", "leave it out")


def refuse_others(context: typer.Context, names: Collection[str], why: str) -> None:
    """Raise `UsageError` for the first option not in `names` that the user gave."""
    every = {parameter.name or "" for parameter in context.command.params}
    refuse_these(context, every - set(names), why)


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name in ("COMMANDLINE", "ENVIRONMENT")


def _option(context: typer.Context, name: str) -> str:
    """A parameter as the user writes it."""
    (found,) = (each for each in context.command.params if each.name == name)
    return max(found.opts, key=len)
