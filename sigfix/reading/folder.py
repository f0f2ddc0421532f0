"""A SavedModel's files, in a directory or in an archive that is not unpacked."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from sigfix.errors import UnreadableModelError
from sigfix.model import Problem
from sigfix.reading.archives import archived_file, archived_sizes
from sigfix.reading.boundary import said_as_unreadable
from sigfix.reading.directory import walk
from sigfix.reading.elsewhere import elsewhere
from sigfix.reading.files import opened
from sigfix.reading.sniffing import LARGEST_POINTER, is_lfs_pointer
from sigfix.wire import Buffer

LINKS_HINT = "if you trust it, copy it with its links resolved: cp -rL MODEL COPY"
_LARGEST_MEMBER = 2 << 30
"""A protobuf message has at most 2 GiB, so nothing larger is read out of an archive."""


@dataclass(frozen=True)
class Folder:
    """The files below a place by relative name, with their sizes in bytes.

    `place` is a directory, or an archive where `prefix` is not None: the folder in it that the
    names are relative to. `problems` are what is there and is no file of the model: links that lead
    out of it, pipes, devices.
    """

    place: Path
    sizes: Mapping[str, int]
    prefix: str | None = None
    problems: tuple[Problem, ...] = ()

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

    def is_pointer(self, name: str) -> bool:
        """Whether Git LFS left its note in place of a file."""
        if not 0 < self.sizes.get(name, 0) <= LARGEST_POINTER:
            return False
        try:
            return is_lfs_pointer(self.read(name))
        except UnreadableModelError:  # whoever needs the file says so
            return False

    def opened(self, name: str) -> AbstractContextManager[Buffer]:
        """The bytes of a file, mapped where that is possible. Raises `UnreadableModelError`."""
        problem = next((item for item in self.problems if item.location == name), None)
        if problem is not None:
            raise UnreadableModelError(
                f"{self.shown(name)} {problem.message}.", LINKS_HINT, code=problem.code
            )
        if self.prefix is None:
            return mapped(self.place / name)
        if self.sizes.get(name, 0) > _LARGEST_MEMBER:
            raise UnreadableModelError(f"{self.shown(name)} is too large.", code="CON214")
        return nullcontext(archived_file(self.place, self.prefix + name))

    def read(self, name: str) -> bytes:
        """The bytes of a file. Raises `UnreadableModelError`."""
        with self.opened(name) as data:
            return bytes(data)


@contextmanager
def mapped(path: Path) -> Iterator[Buffer]:
    """A plain file mapped into memory (an empty one cannot be). Raises `UnreadableModelError`."""
    if (remote := elsewhere(path)) is not None:
        yield remote.ranges
        return
    with opened(path) as file:
        if os.fstat(file.fileno()).st_size == 0:
            yield b""
            return
        with said_as_unreadable(path):
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        with data:
            yield data


def open_directory(path: Path) -> Folder:
    """The files of a directory (see `directory.walk`). Raises `UnreadableModelError`."""
    sizes, problems = walk(path)
    return Folder(path, sizes, problems=problems)


def refuse_strangers(path: Path, problems: Sequence[Problem]) -> None:
    """Raise `UnreadableModelError` where a model has links out of it, pipes or devices in it.

    Whoever copies, loads or runs a model calls this first: they would open what is there.
    """
    found = [item for item in problems if item.code == "CON209"]
    if found:
        more = f" ({len(found) - 1} more like it)" if len(found) > 1 else ""
        where = f"{path}/{found[0].location} " if path.is_dir() else f"{path}: "
        raise UnreadableModelError(
            f"{where}{found[0].message}{more}, and it is not followed.", LINKS_HINT, code="CON209"
        )


def open_archive(path: Path) -> Folder:
    """The files of a tar or zip archive. Raises `UnreadableModelError` where it is none."""
    return Folder(path, archived_sizes(path), prefix="")
