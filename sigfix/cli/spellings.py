"""Spellings of options that commands had, or that people bring along: understood, with a note."""

from __future__ import annotations

import os
from collections.abc import Iterator

from sigfix.errors import UsageError
from sigfix.planning.parsing import parse_normalize

DIRECTORY = "-o"
_IN_PLACE = "note: --output {0} is taken for -o {0}, the new directory; --output is NAME=TENSOR"
_VALUE = "note: --normalize takes a value: --normalize preset is understood"


def understood(arguments: list[str]) -> tuple[list[str], list[str]]:
    """The arguments as the commands have them now, and a note for each that was another.

    `--output DIRECTORY` is `-o` (of `repair`, where it can be no tensor's name), and `convert
    --normalize` without a value is `--normalize preset`.
    """
    command = next((item for item in arguments if not item.startswith("-")), "")
    if command not in ("convert", "repair"):
        return arguments, []
    found: list[str] = []
    notes: list[str] = []
    rest = iter(_split(arguments))
    for item in rest:
        if item == "--":
            return [*found, item, *rest], notes
        if item == "--output":
            value = next(rest, "")
            is_directory = bool(value) and "=" not in value and _is_place(command, value, arguments)
            found += [DIRECTORY if is_directory else item, *([value] if value else [])]
            notes += [_IN_PLACE.format(value)] if is_directory else []
        elif item == "--normalize" and command == "convert":
            value = next(rest, "")
            if _is_normalize(value):
                found += [item, value]
            else:
                found += [item, "preset", *([value] if value else [])]
                notes.append(_VALUE)
        else:
            found.append(item)
    return found, notes


def _split(arguments: list[str]) -> Iterator[str]:
    """`--output=web/` as two words."""
    for item in arguments:
        name, equals, value = item.partition("=")
        if equals and name in ("--output", "--normalize"):
            yield from (name, value)
        else:
            yield item


def _is_place(command: str, value: str, arguments: list[str]) -> bool:
    """Whether a word can be nothing but the new directory."""
    built = any(item == "--preset" or item.startswith("--preset=") for item in arguments)
    return command == "convert" or built or os.sep in value or "/" in value


def _is_normalize(text: str) -> bool:
    if text == "preset":
        return True
    try:
        parse_normalize(text)
    except UsageError:
        return text[:1].isdigit() and "," in text  # meant as one, and refused as such later
    return True
