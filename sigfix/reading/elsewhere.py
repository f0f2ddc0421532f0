"""Files of a model that are not on this machine: `opened` and `mapped` get their bytes from here.

A remote model stands in a temporary folder as empty files of the right sizes, so that all that
reading asks of folders, names and sizes has its answer. What it reads of their contents is fetched.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sigfix.wire import Ranges


class RemoteFile(io.RawIOBase):
    """A file over ranges, for readers that want one."""

    def __init__(self, ranges: Ranges) -> None:
        self.ranges = ranges
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """The position."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move, and say where to. Raises ValueError before the start."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: len(self.ranges)}[whence]
        if base + offset < 0:
            raise ValueError("a position before the start")
        self._at = base + offset
        return self._at

    def readinto(self, target: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill `target` as far as the file goes."""
        found = self.ranges[self._at : self._at + len(target)]
        target[: len(found)] = found
        self._at += len(found)
        return len(found)


_FILES: dict[str, Ranges] = {}


@contextmanager
def kept_elsewhere(files: Mapping[Path, Ranges]) -> Iterator[None]:
    """While the block runs, the contents of these (empty) files are those ranges."""
    named = {str(path): ranges for path, ranges in files.items()}
    _FILES.update(named)
    try:
        yield
    finally:
        for name in named:
            del _FILES[name]


def elsewhere(path: Path) -> RemoteFile | None:
    """The file whose contents are not at `path`; None for one of this machine."""
    ranges = _FILES.get(str(path)) if _FILES else None
    return None if ranges is None else RemoteFile(ranges)


def lies_elsewhere(path: Path) -> bool:
    """Whether a model at `path`, a file or a folder, has its contents elsewhere."""
    inside = f"{path}{os.sep}"
    return any(name == str(path) or name.startswith(inside) for name in _FILES)
