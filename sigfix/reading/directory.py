"""Walking a model's directory: its files, and what in it is no file of the model."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from sigfix.errors import UnreadableModelError
from sigfix.model import Problem
from sigfix.reading.boundary import said_as_unreadable
from sigfix.reading.files import kind_of, leads_out

MOST_BEHIND_LINKS = 10_000
"""Links to folders of links multiply; a model has few, if any."""


def walk(path: Path) -> tuple[dict[str, int], tuple[Problem, ...]]:
    """The sizes of the plain files below a directory by relative name, and what is no such file.

    Links are followed where they stay inside; an empty subdirectory is a name that ends in a
    slash. Raises `UnreadableModelError` where a part of it cannot be looked into.
    """
    found = _Walk(path)
    with said_as_unreadable(path):
        found.look_into(path, "", (os.path.realpath(path),), is_behind_link=False)
    problems = sorted(found.problems, key=lambda item: item.location)
    return dict(sorted(found.sizes.items())), tuple(problems)


class _Walk:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.sizes: dict[str, int] = {}
        self.problems: list[Problem] = []
        self.behind_links = 0

    def look_into(
        self, place: Path, prefix: str, above: tuple[str, ...], is_behind_link: bool
    ) -> None:
        """Take what is in a folder; `above` are the real paths of it and of those around it."""
        with os.scandir(place) as scan:
            entries = sorted(scan, key=lambda item: item.name)
        if not entries and prefix:
            self.sizes[prefix] = 0
        for entry in entries:
            self.behind_links += is_behind_link
            if self.behind_links > MOST_BEHIND_LINKS:
                raise UnreadableModelError(
                    f"{self.root} has more than {MOST_BEHIND_LINKS:,} files behind links.",
                    code="CON209",
                )
            self._take(entry, prefix + entry.name, above, is_behind_link)

    def _take(
        self, entry: os.DirEntry[str], name: str, above: tuple[str, ...], is_behind_link: bool
    ) -> None:
        path = Path(entry.path)
        if entry.is_symlink() and leads_out(path, self.root):
            self._refuse(name, "is a link out of the model's directory")
            return
        try:
            found = entry.stat()
        except OSError:  # a link to nothing, or a file that was there a moment ago
            return
        if stat.S_ISREG(found.st_mode):
            self.sizes[name] = found.st_size
        elif stat.S_ISDIR(found.st_mode):
            linked = entry.is_symlink()
            real = os.path.realpath(path) if linked else f"{above[-1]}{os.sep}{entry.name}"
            if real in above:
                self._refuse(name, "is a link to a directory above it")
            else:
                self.look_into(path, f"{name}/", (*above, real), linked or is_behind_link)
        else:
            self._refuse(name, f"is {kind_of(path)}, not a file")

    def _refuse(self, name: str, why: str) -> None:
        self.problems.append(Problem("CON209", why, name))
