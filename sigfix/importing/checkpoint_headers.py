"""A checkpoint file -> what is in it, tensors by their shapes alone; PyTorch is not needed."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from sigfix.importing.pickle_headers import (
    DamagedPickleError,
    Storage,
    Stored,
    UnknownPickleError,
    read_pickle,
)
from sigfix.wording import plural

_MAGIC = 0x1950A86A20F9469CFC6C
"""What files of PyTorch up to 1.5 begin with."""
_PROTOCOL = 1001
_LARGEST_PICKLE = 64 << 20
_LARGEST_JSON = 16 << 20
_BYTES = {
    "FloatStorage": 4, "DoubleStorage": 8, "HalfStorage": 2, "BFloat16Storage": 2,
    "LongStorage": 8, "IntStorage": 4, "ShortStorage": 2, "CharStorage": 1, "ByteStorage": 1,
    "BoolStorage": 1, "ComplexFloatStorage": 8, "ComplexDoubleStorage": 16,
}  # fmt: skip
"""Bytes of an element, by the class of PyTorch's that a file names."""


class DamagedError(Exception):
    """A file is no checkpoint, or not whole; the message says what is wrong with it."""


def read_content(path: Path, is_safetensors: bool) -> Any:
    """What a checkpoint holds, with `Stored` in place of tensors.

    Raises `UnknownPickleError` where only PyTorch can tell, and `DamagedError` where it could not
    read the file either.
    """
    if is_safetensors:
        return _safetensors(path)
    try:
        with path.open("rb") as file:
            if file.read(2) == b"PK":
                return _archive(path)
            return _legacy(path, file)
    except DamagedPickleError as error:
        raise DamagedError(f"no checkpoint of PyTorch's: {error}") from error


def _safetensors(path: Path) -> dict[str, Stored]:
    """The header: its length in eight bytes, then names, dtypes, shapes and places as JSON."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > size - 8:
            raise DamagedError("its header would be longer than the file")
        if length > _LARGEST_JSON:
            raise UnknownPickleError("a long header")
        text = file.read(length)
    try:
        said = json.loads(text)
        said.pop("__metadata__", None)
        found = {name: _entry(row) for name, row in said.items()}
        end = max((row["data_offsets"][1] for row in said.values()), default=0)
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise DamagedError("its header is no list of tensors") from error
    if 8 + length + end != size:
        needed, has = plural(8 + length + end, "byte"), plural(size, "byte")
        raise DamagedError(f"its tensors need {needed}, and it has {has}")
    return found


def _entry(row: Any) -> Stored:
    shape = tuple(row["shape"])
    if not all(isinstance(number, int) and number >= 0 for number in shape):
        raise ValueError("no shape")
    return Stored(shape, Storage(str(row["dtype"]), "", 0))


def _archive(path: Path) -> Any:
    """The zip archive that `torch.save` writes: `data.pkl`, and a member for each storage."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = {item.filename: item for item in archive.infolist()}
            name = next((item for item in members if item.endswith("data.pkl")), None)
            if name is None:
                raise DamagedError("a zip archive without the data.pkl that torch.save writes")
            if members[name].file_size > _LARGEST_PICKLE:
                raise UnknownPickleError("a long pickle")
            content = read_pickle(io.BytesIO(archive.read(name)))
    except zipfile.BadZipFile as error:
        raise DamagedError("a zip archive whose end, with its directory, is missing") from error
    except (OSError, RuntimeError, EOFError, zlib.error) as error:
        raise UnknownPickleError(str(error)) from error
    folder = name.removesuffix("data.pkl")

    def found(tensor: Stored) -> Stored:
        item = members.get(f"{folder}data/{tensor.storage.key}")
        needed = tensor.storage.elements * _size(tensor.storage)
        if item is None or item.file_size < needed:
            raise DamagedError("a zip archive without all the numbers that its tensors need")
        return replace(tensor, data=(item.CRC, item.file_size))

    return _each(content, found)


def _legacy(path: Path, file: IO[bytes]) -> Any:
    """Five pickles (three that say what it is, the content, the storages' keys), then numbers."""
    if tarfile.is_tarfile(path):
        raise UnknownPickleError("an archive of the first PyTorch")
    file.seek(0)
    if read_pickle(file) != _MAGIC or read_pickle(file) != _PROTOCOL:
        raise DamagedError("a pickle that torch.save did not write")
    read_pickle(file)
    content, keys = read_pickle(file), read_pickle(file)
    storages: dict[str, Storage] = {}

    def note(tensor: Stored) -> Stored:
        storages[tensor.storage.key] = tensor.storage
        return tensor

    _each(content, note)
    needed = file.tell() + sum(
        8 + storages[key].elements * _size(storages[key]) for key in keys if key in storages
    )
    if needed > path.stat().st_size:
        raise DamagedError("it ends before the numbers of its tensors do")
    return content


def _size(storage: Storage) -> int:
    if storage.kind not in _BYTES:
        raise UnknownPickleError(storage.kind)
    return _BYTES[storage.kind]


def _each(content: Any, change: Callable[[Stored], Stored]) -> Any:
    """`content` with each tensor changed, in its dictionaries and lists, each looked into once."""
    if isinstance(content, Stored):
        return change(content)
    waiting, seen = [content], set()
    while waiting:
        part = waiting.pop()
        if id(part) in seen or not isinstance(part, dict | list):
            continue
        seen.add(id(part))
        for key, value in list(part.items() if isinstance(part, dict) else enumerate(part)):
            if isinstance(value, Stored):
                part[key] = change(value)
            waiting.append(value)
    return content
