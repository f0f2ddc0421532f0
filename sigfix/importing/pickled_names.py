"""Which classes and functions a pickle names, read as opcodes, and which PyTorch makes of them."""

from __future__ import annotations

import pickletools
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO

_LARGEST_PICKLE = 64 << 20
_MOST_OPCODES = 1_000_000
_MOST_PICKLES = 5
"""One after another in a file of PyTorch's up to 1.5; numbers follow, however they begin."""
_ROOTS = ("torch.", "numpy.", "collections.", "pathlib.")
"""Modules of which PyTorch may make something, with what `checkpoints._plain_classes` adds."""
_PLAIN = (
    "argparse.Namespace", "_codecs.encode", "builtins.bytearray", "builtins.set", "builtins.complex"
)  # fmt: skip


def foreign_classes(path: Path) -> list[str]:
    """The classes and functions that a pickle names, but for those of tensors themselves."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                name = next(item for item in archive.namelist() if item.endswith("data.pkl"))
                with archive.open(name) as file:
                    names = set(_named(file))
        else:
            with path.open("rb") as file:
                names = set(_named(file))
    except (OSError, ValueError, StopIteration, zipfile.BadZipFile, NotImplementedError):
        return []
    known = ("torch._utils.", "torch.storage.", "collections.", "torch.serialization.")
    return sorted(
        name
        for name in names
        if not name.startswith(known) and not (name.startswith("torch.") and name.count(".") == 1)
    )


def _named(file: IO[bytes]) -> Iterator[str]:
    """`module.name` of every global of the pickles that follow one another, read as opcodes."""
    data = file.read(_LARGEST_PICKLE)
    start = 0
    for _ in range(_MOST_PICKLES):
        if data[start : start + 1] != b"\x80":
            return
        texts: list[str] = []
        end = start
        for opcode, argument, position in islice(pickletools.genops(data[start:]), _MOST_OPCODES):
            end = start + (position or 0) + 1
            if opcode.name == "GLOBAL":
                yield str(argument).replace(" ", ".")
            elif opcode.name == "STACK_GLOBAL" and len(texts) > 1:
                yield ".".join(texts[-2:])
            elif isinstance(argument, str):
                texts.append(argument)
        start = end


def may_be_loaded(name: str) -> bool:
    """Whether PyTorch may make what a pickle names so, told to load weights alone."""
    if name.startswith("torch.nn."):
        return name == "torch.nn.parameter.Parameter"
    return name.startswith(_ROOTS) or name.replace("__builtin__", "builtins") in _PLAIN
