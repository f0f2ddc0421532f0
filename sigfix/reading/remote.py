"""A model behind a URL as a folder of this machine, of whose contents only what is read is fetched.

What a store lists is as little trusted as a model: a name that leads out of the folder is refused,
and a size is only believed as far as an empty file of that size can be.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from sigfix.errors import UnreadableModelError
from sigfix.packages import require_packages
from sigfix.reading.boundary import said_as_unreadable
from sigfix.reading.elsewhere import kept_elsewhere
from sigfix.reading.keras import HDF5_MARK
from sigfix.reading.locating import SAVED_MODEL_FILES
from sigfix.reading.onnx import external_files
from sigfix.reading.store_errors import store_error
from sigfix.temporary import temporary_folder
from sigfix.wire import Ranges

PROTOCOLS: Mapping[str, tuple[str, ...]] = {
    "gs": ("fsspec", "gcsfs"),
    "s3": ("fsspec", "s3fs"),
    "hf": ("fsspec", "huggingface_hub"),
    "memory": ("fsspec",),
}
"""What a URL may begin with, and the packages that read it; `memory` is fsspec's, for tests."""
MOST_FILES = 10_000
_WITH_ITS_FOLDER = (*SAVED_MODEL_FILES, "model.json")
"""Files that are a part of the model that they are named for."""
_LARGEST_HDF5 = 2 << 30


@contextmanager
def mirrored(url: str) -> Iterator[Path]:
    """The model at `url` as a folder or file that reads as if it were here, while the block runs.

    Raises `MissingExtraError`, and `UnreadableModelError` where there is nothing at `url`, its
    store cannot be reached, or sigfix knows no such store.
    """
    with said_as_unreadable(url), temporary_folder() as place:
        found = Store(url)
        top = Path(os.path.realpath(place)) / found.name
        files = {top / name if name else top: ranges for name, ranges in found.files().items()}
        here = {path: r for path, r in files.items() if path != top or not _is_hdf5(r)}
        for path, ranges in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                if path in here:
                    file.truncate(len(ranges))
                else:
                    file.write(_whole(url, ranges))
        with kept_elsewhere(here):
            yield top / found.named if found.named else top


class Store:
    """What lies at a URL: its files by name relative to it, '' where it is one itself.

    Raises `MissingExtraError`, and `UnreadableModelError` as `mirrored` does.
    """

    def __init__(self, url: str) -> None:
        protocol = url.partition("://")[0]
        # `::` chains stores in fsspec: a name in somebody's store must not lead to another one.
        if protocol not in PROTOCOLS or "::" in url:
            known = ", ".join(f"{name}://" for name in PROTOCOLS)
            raise UnreadableModelError(
                f"{url} is no URL that sigfix reads.",
                f"it reads {known}; else copy the model here",
                code="CON215",
            )
        require_packages(f"Reading {protocol}:// URLs", "remote", *PROTOCOLS[protocol])
        import fsspec.core

        for package in PROTOCOLS[protocol]:  # without a handler Python prints what they log
            logging.getLogger(package).addHandler(logging.NullHandler())
        self.url = url
        self.store, root = self._asked(lambda: fsspec.core.url_to_fs(url))
        self.root = str(root).rstrip("/")
        self.info: dict[str, Any] = self._asked(lambda: self.store.info(self.root))
        self.named = ""
        base = PurePosixPath(self.root)
        if self.info["type"] == "file" and base.name in _WITH_ITS_FOLDER:
            self.root, self.named = str(base.parent), base.name
        name = PurePosixPath(self.root).name
        self.name = name if name not in ("", "..") else "model"

    @property
    def is_file(self) -> bool:
        """Whether there is a file at the URL itself."""
        return bool(self.info["type"] == "file")

    def files(self) -> dict[str, Ranges]:
        """A model's files."""
        if self.is_file and not self.named:
            return self._single()
        found = self.listed(MOST_FILES, "name the model's own folder, or --recursive")
        if not found:
            raise UnreadableModelError(f"{self.url} does not exist.", code="CON215")
        return found

    def listed(
        self, most: int, hint: str, wanted: Callable[[str], bool] = lambda name: True
    ) -> dict[str, Ranges]:
        """All files below the URL whose own names are `wanted`, by listing alone."""
        listed = self._asked(lambda: self.store.find(self.root, detail=True))
        if not listed:  # also where fsspec keeps quiet about why
            self._asked(lambda: self.store.ls(self.root, detail=True))
        if len(listed) > most:
            raise UnreadableModelError(
                f"{self.url} has {len(listed):,} files below it.", hint, code="CON215"
            )
        found = {}
        for path, info in listed.items():
            if str(path).endswith("/"):  # how stores without folders keep an empty one
                continue
            name = self._inside(str(path))
            if wanted(PurePosixPath(name).name):
                found[name] = self._ranges(str(path), int(info["size"] or 0))
        return found

    def _single(self) -> dict[str, Ranges]:
        """A file, and of an ONNX file those that its weights are in."""
        own = self._ranges(self.root, int(self.info["size"] or 0))
        if not self.root.endswith(".onnx"):
            return {"": own}
        found, self.named = {self.name: own}, self.name
        folder = str(PurePosixPath(self.root).parent)
        self.name = "model"
        for name in sorted(external_files(own))[:MOST_FILES]:
            path = f"{folder}/{name}"
            if name and ".." not in PurePosixPath(name).parts and not name.startswith("/"):
                info = self._asked(partial(_info, self.store, path))
                if info is not None:
                    found[name] = self._ranges(path, int(info["size"] or 0))
        return found

    def _inside(self, path: str) -> str:
        name = path.removeprefix(self.root).lstrip("/")
        parts = name.split("/")
        if not path.startswith(self.root) or {"", ".", ".."} & set(parts) or "\0" in name:
            raise UnreadableModelError(
                f"{self.url} lists {path!r}, which is no file below it.", code="CON209"
            )
        return name

    def _ranges(self, path: str, size: int) -> Ranges:
        opened: list[Any] = []

        def fetch(start: int, stop: int) -> bytes:
            if not opened:
                opened.append(self.store.open(path, "rb", cache_type="none"))
            opened[0].seek(start)
            data: bytes = opened[0].read(stop - start)
            return data

        return Ranges(size, lambda start, stop: self._asked(lambda: fetch(start, stop)))

    def _asked(self, call: Callable[[], Any]) -> Any:
        """What the store answers; whatever it fails with is said of the URL."""
        try:
            return call()
        except FileNotFoundError as error:
            raise UnreadableModelError(f"{self.url} does not exist.", code="CON215") from error
        except Exception as error:
            raise store_error(self.url, error) from error


def _info(store: Any, path: str) -> Any:
    try:
        return store.info(path)
    except FileNotFoundError:
        return None


def _is_hdf5(ranges: Ranges) -> bool:
    """h5py reads these in a process of its own, from a file that is whole."""
    return ranges[: len(HDF5_MARK)] == HDF5_MARK


def _whole(url: str, ranges: Ranges) -> bytes:
    if len(ranges) > _LARGEST_HDF5:
        raise UnreadableModelError(
            f"{url} is an HDF5 file of {len(ranges):,} bytes, which would be fetched whole.",
            "copy it here and name the copy",
            code="CON214",
        )
    return bytes(ranges)
