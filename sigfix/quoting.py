"""Words for a shell, and names for a terminal: both out of models and paths that anybody chose."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable


def quote(text: str) -> str:
    """`text` as one word of a shell command that can be printed and pasted.

    A name with control characters, or with bytes that are no text, becomes `$'a\\x1bb'`, which
    bash, zsh and ksh read.
    """
    if text.isprintable():
        return shlex.quote(text)
    written = []
    for character in text:
        if character in "\\'":
            written.append(f"\\{character}")
        elif character.isprintable():
            written.append(character)
        else:
            written.append("".join(f"\\x{byte:02x}" for byte in _bytes(character)))
    return "$'" + "".join(written) + "'"


def _bytes(character: str) -> bytes:
    try:
        return os.fsencode(character)
    except UnicodeEncodeError:  # half of a pair, which no file name has
        return character.encode("utf-8", "surrogatepass")


def join(words: Iterable[str]) -> str:
    """A shell command of these words, each quoted as it needs to be."""
    return " ".join(map(quote, words))


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
