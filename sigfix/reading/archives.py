"""The plain files of tar and zip archives, read where they lie: nothing is unpacked to a disk.

An archive is somebody else's: it may say that it unpacks to more than there is, name a file twice,
or hold links and devices. Only plain files count, the last one of a name in a zip archive and the
first in a tar archive, and none beyond what an archive of models can hold.
"""

from __future__ import annotations

import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from sigfix.errors import UnreadableModelError
from sigfix.reading.boundary import said_as_unreadable
from sigfix.reading.files import opened

ZIP_MARK = b"PK\x03\x04"
_TAR_SUFFIXES = (".gz", ".tgz", ".tar", ".xz", ".txz", ".bz2", ".tbz2")
_MOST_UNPACKED = 200
"""Weights do not shrink to a hundredth; an archive that says so is a trap, unless it is small."""
_SMALL_UNPACKED = 1 << 30


def is_tar(path: Path) -> bool:
    """Whether this is a tar archive, by its suffix and its contents.

    Raises `UnreadableModelError` where it is compressed and the damage is in its first bytes.
    """
    if path.suffix not in _TAR_SUFFIXES:
        return False
    with said_as_unreadable(path), opened(path) as file:
        return tarfile.is_tarfile(file)


def is_zip(path: Path) -> bool:
    """Whether a file begins as a zip archive does. Raises `UnreadableModelError`."""
    with opened(path) as file:
        return _begins_as_zip(file)


def _begins_as_zip(file: BinaryIO) -> bool:
    mark = file.read(len(ZIP_MARK))
    file.seek(0)
    return mark == ZIP_MARK


def archived_sizes(path: Path) -> dict[str, int]:
    """The sizes in bytes of the files in an archive, by name and sorted.

    Raises `UnreadableModelError` where it is damaged, or unpacks without end.
    """
    with said_as_unreadable(path), opened(path) as file:
        if _begins_as_zip(file):
            with zipfile.ZipFile(file) as zipped:
                sizes = {_clean(i.filename): i.file_size for i in _zip_members(path, zipped)}
        else:
            with tarfile.open(fileobj=file) as archive:
                sizes = {_clean(item.name): item.size for item in _tar_members(path, archive)}
    sizes.pop("", None)  # a file of the name `/`, which no folder can hold
    return dict(sorted(sizes.items()))


def archived_file(path: Path, name: str) -> bytes:
    """The contents of a file in an archive. Raises `UnreadableModelError` where it has none."""
    with said_as_unreadable(path), opened(path) as file:
        if _begins_as_zip(file):
            with zipfile.ZipFile(file) as zipped:
                found = [i for i in _zip_members(path, zipped) if _clean(i.filename) == name]
                if found:
                    return zipped.read(found[-1])
        else:
            with tarfile.open(fileobj=file) as archive:
                for member in _tar_members(path, archive):
                    if _clean(member.name) == name:
                        inner = archive.extractfile(member)
                        return inner.read() if inner else b""
    raise UnreadableModelError(f"{path} holds no {name}.", code="CON215")


def _tar_members(path: Path, archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The plain files, in the archive's order, as far as it does not unpack without end."""
    most = _most(path)
    for member in archive:
        if member.size < 0:  # the one before it comes next, for ever
            raise UnreadableModelError(f"{path} is damaged: a size below zero.", code="CON214")
        if member.offset_data + member.size > most:
            raise _endless(path, most)
        if member.isfile():
            yield member


def _zip_members(path: Path, archive: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    most = _most(path)
    for member in archive.infolist():
        if member.file_size > most:
            raise _endless(path, most)
        if member.flag_bits & 1:
            raise UnreadableModelError(f"{path} is encrypted.", "unpack it yourself", code="CON214")
        kind = stat.S_IFMT(member.external_attr >> 16)  # 0 where it was not made on Unix
        if not member.is_dir() and kind in (0, stat.S_IFREG):
            yield member


def _most(path: Path) -> int:
    return _SMALL_UNPACKED + _MOST_UNPACKED * path.stat().st_size


def _endless(path: Path, most: int) -> UnreadableModelError:
    return UnreadableModelError(
        f"{path} unpacks to more than {most:,} bytes.", "unpack it yourself", code="CON214"
    )


def _clean(name: str) -> str:
    return PurePosixPath(name).as_posix().removeprefix("./").lstrip("/")
