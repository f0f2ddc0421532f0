"""A store over a folder of this machine that counts what is read of it, as a bucket bills it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec
from fsspec.spec import AbstractBufferedFile, AbstractFileSystem

from sigfix.reading import remote

PROTOCOL = "counted"


class _File(AbstractBufferedFile):
    def _fetch_range(self, start: int, end: int) -> bytes:
        with Path(self.path).open("rb") as file:
            file.seek(start)
            data = file.read(end - start)
        self.fs.fetched.append((self.path, len(data)))
        return data


class CountedStore(AbstractFileSystem):
    protocol = PROTOCOL
    cachable = False
    root_marker = "/"
    fetched: list[tuple[str, int]]
    extra: dict[str, int]
    """Names that are listed beside the files, with sizes; what somebody else's store may say."""

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(path).removeprefix(f"{PROTOCOL}://").rstrip("/") or "/"

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        place = Path(self._strip_protocol(path))
        if not place.exists():
            raise FileNotFoundError(path)
        kind = "directory" if place.is_dir() else "file"
        return {"name": str(place), "type": kind, "size": place.stat().st_size}

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        return [self.info(str(item)) for item in sorted(Path(self._strip_protocol(path)).iterdir())]

    def find(self, path: str, **options: Any) -> dict[str, Any]:
        found = super().find(path, **options)
        made_up = {name: {"name": name, "size": size} for name, size in self.extra.items()}
        return {**found, **made_up}

    def _open(self, path: str, mode: str = "rb", **options: Any) -> _File:
        return _File(self, self._strip_protocol(path), mode, **options)


@contextmanager
def counted_store(monkeypatch: Any) -> Iterator[list[tuple[str, int]]]:
    """`counted://` URLs; what was fetched: a path and a number of bytes each."""
    fsspec.register_implementation(PROTOCOL, CountedStore, clobber=True)
    monkeypatch.setitem(remote.PROTOCOLS, PROTOCOL, ("fsspec",))
    CountedStore.fetched, CountedStore.extra = [], {}
    yield CountedStore.fetched
