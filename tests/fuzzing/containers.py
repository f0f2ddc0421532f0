"""Damage inside containers: JSON values, the members and headers of zip and tar archives."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tests.fuzzing import bombs, values

Generator = random.Random
Change = Callable[[str, bytes, Generator], bytes]
"""A member's name and contents -> its new contents."""


def changed_json(data: bytes, generator: Generator) -> bytes:
    """A JSON document with a few of its values changed, as text that Python's own writer makes."""
    try:
        document = json.loads(data)
    except ValueError:
        return values.damaged(data, generator)
    if not isinstance(document, (dict, list)):
        return values.damaged(data, generator)
    for _ in range(values.times(generator)):
        if generator.random() < 0.12:
            document = _with_change(document, generator)
        elif isinstance(document, (dict, list)):
            _change_anywhere(document, generator)
    text = json.dumps(document)
    endless = {'"@inf"': "1e999", '"@huge"': "9" * 500, '"@deep"': "[" * 3000 + "]" * 3000}
    for mark, written in endless.items():
        text = text.replace(mark, written)
    return text.encode()


def _value(generator: Generator) -> Any:
    return generator.choice(
        (
            None, True, values.number(generator), -1.5, [], {}, [None], [[]], {"name": []},
            values.text(generator), "@inf", "@huge", generator.choice(("@deep", 0)),
            [values.number(generator)], {"x": values.text(generator)}, "\udc80",
        )
    )  # fmt: skip


def _with_change(value: Any, generator: Generator) -> Any:
    if isinstance(value, dict) and value and generator.random() < 0.9:
        key = generator.choice(sorted(value))
        if generator.random() < 0.1:
            return {k: v for k, v in value.items() if k != key}
        if generator.random() < 0.05:
            return {**value, values.text(generator): value[key]}
        return {**value, key: _with_change(value[key], generator)}
    if isinstance(value, list) and value and generator.random() < 0.9:
        at = generator.randrange(len(value))
        if generator.random() < 0.1:
            return [*value, value[at]]
        return [*value[:at], _with_change(value[at], generator), *value[at + 1 :]]
    return _value(generator)


def _change_anywhere(document: Any, generator: Generator) -> None:
    """Give one value of a document, those of every key being as likely, another in its place."""
    places: list[tuple[Any, Any]] = []
    pending = [document]
    while pending:
        value = pending.pop()
        keys = list(value) if isinstance(value, dict) else range(len(value))
        places += [(value, key) for key in keys]
        pending += [value[key] for key in keys if isinstance(value[key], (dict, list))]
    if places:
        wanted = generator.choice(sorted({str(key) for _, key in places}))
        alike = [place for place in places if str(place[1]) == wanted]
        owner, key = generator.choice(alike if generator.random() < 0.7 else places)
        owner[key] = _like(owner[key], generator)


def _like(value: Any, generator: Generator) -> Any:
    """Another value: of the same kind, as a rule, so that the rest is read too."""
    if isinstance(value, list) and value and generator.random() < 0.5:
        return [_like(value[0], generator), *value[1:]]
    if isinstance(value, str) and generator.random() < 0.6:
        return values.text(generator)
    if isinstance(value, int) and generator.random() < 0.5:
        return values.number(generator)
    return _value(generator)


_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2)


def changed_zip(data: bytes, generator: Generator, change: Change) -> bytes:
    """A zip archive with a member changed, with damage to its directory, or to its bytes."""
    if generator.random() < 0.35:
        return _damaged_headers(data, generator)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = [(info.filename, archive.read(info)) for info in archive.infolist()]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, RuntimeError):
        return values.damaged(data, generator)
    if not parts:
        return values.damaged(data, generator)
    at = generator.randrange(len(parts))
    name, content = parts[at]
    kind = generator.randrange(20)
    if kind < 12:
        parts[at] = (name, change(name, content, generator))
    elif kind == 12:
        del parts[at]
    elif kind == 13:  # two members of one name
        parts.insert(generator.randrange(len(parts)), (name, change(name, content, generator)))
    elif kind == 14:
        return bombs.zip_bomb(generator.sample(parts, len(parts)))
    else:
        parts.append((values.text(generator)[:60_000].replace("\0", "") or "x", content))
    out = io.BytesIO()
    with (
        warnings.catch_warnings(),
        zipfile.ZipFile(out, "w", generator.choice(_METHODS)) as archive,
    ):
        warnings.simplefilter("ignore")
        for name, content in parts:
            with suppress(ValueError):
                archive.writestr(name, content)
    written = out.getvalue()
    return _damaged_headers(written, generator) if generator.random() < 0.2 else written


def _damaged_headers(data: bytes, generator: Generator) -> bytes:
    """Flags (encryption), methods, sizes and offsets of a zip's local and central headers."""
    marks = [b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"]
    places = [at for mark in marks for at in positions(data, mark)]
    if not places:
        return values.damaged(data, generator)
    out = bytearray(data)
    at = generator.choice(places)
    offset = at + generator.choice((6, 8, 10, 12, 16, 18, 20, 22, 24, 26, 28, 30, 42))
    if offset < len(out):
        out[offset] = generator.choice((0, 1, 9, 12, 14, 99, 0x7F, 0x80, 0xFF))
    return bytes(out)


def positions(data: bytes, mark: bytes) -> list[int]:
    """Where `mark` is."""
    found, at = [], data.find(mark)
    while at >= 0:
        found.append(at)
        at = data.find(mark, at + 1)
    return found


_MEMBERS = (
    tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE,
    tarfile.DIRTYPE, tarfile.GNUTYPE_SPARSE, tarfile.CONTTYPE, b"Z",
)  # fmt: skip
_PACKERS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "gz": (gzip.compress, gzip.decompress),
    "xz": (lambda data: lzma.compress(data, preset=0), lzma.decompress),
    "bz2": (bz2.compress, bz2.decompress),
}


def changed_archive(name: str, data: bytes, generator: Generator, change: Change) -> bytes:
    """A tar archive, packed or not, with damage to a member, a header, or the packed bytes."""
    packer = _PACKERS.get(name.rpartition(".")[2])
    if packer is None:
        return _changed_tar(data, generator, change)
    pack, unpack = packer
    kind = generator.randrange(10)
    if kind < 2:
        return values.damaged(data, generator)
    if kind < 4:
        return data[: generator.randrange(len(data) + 1)]
    if kind == 4:
        return bombs.packed_bomb(name.rpartition(".")[2])
    return pack(_changed_tar(unpack(data), generator, change))


def _changed_tar(data: bytes, generator: Generator, change: Change) -> bytes:
    members: list[tuple[tarfile.TarInfo, bytes]] = []
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for info in archive:
                file = archive.extractfile(info) if info.isfile() else None
                members.append((info, file.read() if file else b""))
    except (OSError, tarfile.TarError, ValueError, EOFError):
        return values.damaged(data, generator)
    at = generator.randrange(len(members))
    info, content = members[at]
    kind = generator.randrange(9)
    if kind < 3:
        content = change(info.name, content, generator)
        info.size = len(content)
    elif kind == 8:  # less than nothing: what comes next is this member, or the one before
        info.size, content = generator.choice((-1, -512, -1024, -1536, -(2**40), 2**33)), b""
    elif kind == 3:
        info.type = generator.choice(_MEMBERS)
        info.linkname = values.text(generator)
    elif kind == 4:
        info.name = values.text(generator) or "x"
    elif kind == 5:
        info.pax_headers = {
            generator.choice(("size", "path", "GNU.sparse.map", "GNU.sparse.major", "mtime")):
            generator.choice(
                ("-1", "-512", "-1536", "0", "1", "99999999999", "x", values.text(generator))
            )
        }  # fmt: skip
    elif kind == 6:
        members.append((info, content))
    members[at] = (info, content)
    out = io.BytesIO()
    form = tarfile.PAX_FORMAT if kind == 5 else tarfile.GNU_FORMAT
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for info, content in members:
            with suppress(ValueError, UnicodeError):
                archive.addfile(info, io.BytesIO(content) if info.size == len(content) else None)
    written = out.getvalue()
    if kind == 7:
        header = bytearray(written)
        header[generator.choice((0, 100, 124, 135, 148, 156, 157, 257, 345))] ^= 0xFF
        return bytes(header)
    return written
