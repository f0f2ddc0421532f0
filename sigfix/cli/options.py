"""How the options of a command are declared: one by one, or in groups, which are dataclasses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints

import typer

Parser = Callable[[str], Any]
"""The words of an option -> its value; raises `UsageError`."""


def option(
    text: str, *names: str, panel: str | None = None, parser: Parser | None = None, **more: Any
) -> Any:
    """An option with `text` as its help, in the help's `panel`; `more` is typer's own."""
    if parser is not None:
        more = {"metavar": "<str>", **more, "parser": parser}
    return typer.Option(*names, help=text, rich_help_panel=panel, **more)


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """A command that typer can read, of one whose parameters may be groups: dataclasses of options.

    Each field of a group becomes an option, in the group's place; the command gets the group.
    """
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if is_dataclass(hint)}
    parameters: list[Parameter] = []
    for name, parameter in signature(command).parameters.items():
        if name in groups:
            parameters += _options(groups[name])
        else:
            kind = Parameter.KEYWORD_ONLY
            parameters.append(parameter.replace(kind=kind, annotation=hints[name]))

    @wraps(command)
    def run(**given: Any) -> None:
        made = {
            name: group(**{each.name: given.pop(each.name) for each in fields(group)})
            for name, group in groups.items()
        }
        command(**given, **made)

    run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def names_of(*groups: Any) -> tuple[str, ...]:
    """The names of the groups' options, as parameters of a command."""
    return tuple(each.name for group in groups for each in fields(group))


def _options(group: Any) -> list[Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        Parameter(
            each.name, Parameter.KEYWORD_ONLY, default=_default(each), annotation=hints[each.name]
        )
        for each in fields(group)
    ]


def _default(each: Field[Any]) -> Any:
    if each.default_factory is not MISSING:
        return each.default_factory()
    return Parameter.empty if each.default is MISSING else each.default
