"""A SavedModel's files, in a directory or in a tar archive that is not unpacked."""

from __future__ import annotations

import mmap
import os
import tarfile
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from sigfix.errors import UnreadableModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

Buffer = bytes | mmap.mmap
_LARGEST_MEMBER = 2 << 30
"""A protobuf message has at most 2 GiB, so nothing larger is read out of an archive."""


@dataclass(frozen=True)
class Folder:
    """The files below a place by relative name, with their sizes in bytes."""

    place: Path
    sizes: Mapping[str, int]

    def below(self, name: str) -> frozenset[str]:
        """The names below a subfolder, relative to it."""
        prefix = f"{name}/"
        return frozenset(
            item.removeprefix(prefix) for item in self.sizes if item.startswith(prefix)
        )

    def has_folder(self, name: str) -> bool:
        """Whether there is anything below a subfolder."""
        return any(item.startswith(f"{name}/") for item in self.sizes)

    def shown(self, name: str) -> str:
        """The file as a message names it."""
        return str(self.place / name)

    @contextmanager
    def opened(self, name: str) -> Iterator[Buffer]:
        """The bytes of a file, mapped where that is possible. Raises `UnreadableModelError`."""
        raise NotImplementedError

    def read(self, name: str) -> bytes:
        """The bytes of a file. Raises `UnreadableModelError`."""
        with self.opened(name) as data:
            return bytes(data)


class Directory(Folder):
    """A directory on disk."""

    @contextmanager
    def opened(self, name: str) -> Iterator[Buffer]:
        """The file, mapped into memory (an empty file cannot be)."""
        path = self.place / name
        try:
            with path.open("rb") as file:
                if os.fstat(file.fileno()).st_size == 0:
                    yield b""
                    return
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                    yield data
        except OSError as error:
            raise UnreadableModelError(
                f"{path} cannot be read: {error.strerror or error}.", code="CON215"
            ) from error


def open_directory(path: Path) -> Directory:
    """The files of a directory; an empty subdirectory counts as a name that ends in a slash."""
    sizes: dict[str, int] = {}
    for folder, subfolders, names in os.walk(path):
        relative = Path(folder).relative_to(path)
        for name in names:
            try:
                size = (Path(folder) / name).stat().st_size
            except OSError:
                continue
            sizes[(relative / name).as_posix()] = size
        if not names and not subfolders and folder != str(path):
            sizes[f"{relative.as_posix()}/"] = 0
    return Directory(path, dict(sorted(sizes.items())))


@dataclass(frozen=True)
class Archive(Folder):
    """A tar archive, compressed or not; members that are no plain files are left out.

    `prefix` is the folder in the archive that the names are relative to.
    """

    prefix: str = ""

    @contextmanager
    def opened(self, name: str) -> Iterator[Buffer]:
        """The member, read into memory."""
        if self.sizes.get(name, 0) > _LARGEST_MEMBER:
            raise UnreadableModelError(f"{self.shown(name)} is too large.", code="CON214")
        try:
            with tarfile.open(self.place) as archive:
                for member in archive:
                    if member.isfile() and _clean(member.name) == self.prefix + name:
                        file = archive.extractfile(member)
                        yield file.read(_LARGEST_MEMBER) if file else b""
                        return
        except (OSError, EOFError, tarfile.TarError, ValueError) as error:
            raise _broken(self.place, error) from error
        raise UnreadableModelError(f"{self.place} holds no {name}.", code="CON215")


def _clean(name: str) -> str:
    return PurePosixPath(name).as_posix().removeprefix("./").lstrip("/")


def _broken(path: Path, error: Exception) -> UnreadableModelError:
    return UnreadableModelError(
        f"{path} is damaged: {error}.", "copy or download the archive again", code="CON214"
    )


def open_archive(path: Path) -> Archive:
    """The files of a tar archive. Raises `UnreadableModelError` where it is none."""
    try:
        with tarfile.open(path) as archive:
            sizes = {_clean(item.name): item.size for item in archive if item.isfile()}
    except (OSError, EOFError, tarfile.TarError, ValueError) as error:
        raise _broken(path, error) from error
    return Archive(path, dict(sorted(sizes.items())))
