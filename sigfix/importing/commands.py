"""Options that an error names, made into the command that they are for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sigfix.errors import BlockedError, ConversionError


@dataclass(frozen=True)
class CommandParts:
    """A command that options are put into, after what is before them."""

    before: str
    after: str = ""


@contextmanager
def as_command(sizes: CommandParts, bind: CommandParts | None = None) -> Iterator[None]:
    """Make the options that an error names into a command; a remark of theirs stays at its end.

    `bind` is for `--bind` where that is another command.
    """
    try:
        yield
    except (BlockedError, ConversionError) as error:
        if error.hint is None or not error.hint.startswith(("--input ", "--bind ")):
            raise
        command = bind if bind is not None and error.hint.startswith("--bind") else sizes
        options, mark, remark = error.hint.partition("   #")
        hint = f"{command.before} {options}{command.after}{mark}{remark}"
        raise type(error)(error.message, hint) from error
