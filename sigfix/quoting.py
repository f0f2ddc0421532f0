"""Words for a shell, and names for a terminal: both out of models and paths that anybody chose."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable
from os import PathLike


def quote(text: str) -> str:
    """`text` as one word of a shell command that can be printed and pasted.

    A name with control characters, or with bytes that are no text, becomes `$'a\\x1bb'`, which
    bash, zsh and ksh read.
    """
    if text.isprintable():
        return shlex.quote(text)
    written = []
    for character in text:
        if character.isprintable() and character not in "\\'":
            written.append(character)
        else:
            written.append("".join(f"\\x{byte:02x}" for byte in _bytes(character)))
    return "$'" + "".join(written) + "'"


def quote_path(path: PathLike[str] | str) -> str:
    """A path as one word of a shell command, which no program takes for an option."""
    text = str(path)
    return quote(f"./{text}" if text.startswith("-") else text)


def _bytes(character: str) -> bytes:
    try:
        return os.fsencode(character)
    except UnicodeEncodeError:  # half of a pair, which no file name has
        return character.encode("utf-8", "surrogatepass")


def join(words: Iterable[str]) -> str:
    """A shell command of these words, each quoted as it needs to be."""
    return " ".join(map(quote, words))


def split(command: str) -> list[str]:
    """The words of a command that `join` made."""
    found: list[str] = []

    def keep(match: re.Match[str]) -> str:
        data = re.sub(
            rb"\\x([0-9a-f]{2})", lambda item: bytes([int(item[1], 16)]), os.fsencode(match[1])
        )
        found.append(os.fsdecode(data))
        return f"\0{len(found) - 1}"

    words = shlex.split(_ODD_WORD.sub(keep, command))
    return [found[int(word[1:])] if word[:1] == "\0" else word for word in words]


_ODD_WORD = re.compile(r"(?<!\S)\$'([^']*)'(?!\S)")


def printable(text: str) -> str:
    """`text` without control characters, which could steer a terminal: they are written out."""
    return text if text.isprintable() else "".join(map(_written, text))


def printable_lines(text: str) -> str:
    """`printable` that leaves line ends as they are, for messages of several lines."""
    return "\n".join(map(printable, text.split("\n")))


def _written(character: str) -> str:
    """A character that is not printable as `\\x1b`, or `\\u202e` beyond that."""
    if character.isprintable():
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is no text
        code -= 0xDC00
    form = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    return form if code < 0x10000 else f"\\U{code:08x}"
