"""A SavedModel's files, in a directory or in a tar archive that is not unpacked."""

from __future__ import annotations

import mmap
import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sigfix.errors import UnreadableModelError
from sigfix.reading.wire import Buffer

_LARGEST_MEMBER = 2 << 30
"""A protobuf message has at most 2 GiB, so nothing larger is read out of an archive."""


@dataclass(frozen=True)
class Folder:
    """The files below a place by relative name, with their sizes in bytes.

    `place` is a directory, or a tar archive where `prefix` is not None: the folder in it that the
    names are relative to.
    """

    place: Path
    sizes: Mapping[str, int]
    prefix: str | None = None

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

    def opened(self, name: str) -> AbstractContextManager[Buffer]:
        """The bytes of a file, mapped where that is possible. Raises `UnreadableModelError`."""
        if self.prefix is None:
            return mapped(self.place / name)
        if self.sizes.get(name, 0) > _LARGEST_MEMBER:
            raise UnreadableModelError(f"{self.shown(name)} is too large.", code="CON214")
        return nullcontext(_member(self.place, self.prefix + name))

    def read(self, name: str) -> bytes:
        """The bytes of a file. Raises `UnreadableModelError`."""
        with self.opened(name) as data:
            return bytes(data)


@contextmanager
def mapped(path: Path) -> Iterator[Buffer]:
    """A file mapped into memory (an empty one cannot be). Raises `UnreadableModelError`."""
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


def open_directory(path: Path) -> Folder:
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
    return Folder(path, dict(sorted(sizes.items())))


def _member(place: Path, name: str) -> bytes:
    """The contents of a file in an archive; what is no plain file is not there."""
    try:
        with tarfile.open(place) as archive:
            for member in archive:
                if member.isfile() and _clean(member.name) == name:
                    file = archive.extractfile(member)
                    return file.read(_LARGEST_MEMBER) if file else b""
    except (OSError, EOFError, tarfile.TarError, ValueError) as error:
        raise _broken(place, error) from error
    raise UnreadableModelError(f"{place} holds no {name}.", code="CON215")


def _clean(name: str) -> str:
    return PurePosixPath(name).as_posix().removeprefix("./").lstrip("/")


def _broken(path: Path, error: Exception) -> UnreadableModelError:
    return UnreadableModelError(
        f"{path} is damaged: {error}.", "copy or download the archive again", code="CON214"
    )


def is_archive(path: Path) -> bool:
    """Whether this is a tar archive, by its suffix and its contents."""
    return path.suffix in (".gz", ".tgz", ".tar") and path.is_file() and tarfile.is_tarfile(path)


def open_archive(path: Path) -> Folder:
    """The files of a tar archive. Raises `UnreadableModelError` where it is none."""
    try:
        with tarfile.open(path) as archive:
            sizes = {_clean(item.name): item.size for item in archive if item.isfile()}
    except (OSError, EOFError, tarfile.TarError, ValueError) as error:
        raise _broken(path, error) from error
    return Folder(path, dict(sorted(sizes.items())), prefix="")
