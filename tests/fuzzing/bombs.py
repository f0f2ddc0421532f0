"""Archives of a few kilobytes that unpack to gigabytes, made once each and without unpacking."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from functools import cache

_PIECE = 64 << 20
_PIECES = 160
"""Of one packed piece behind another: 10 GiB."""
_PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": lambda data: gzip.compress(data, 9),
    "xz": lambda data: lzma.compress(data, preset=0),
    "bz2": bz2.compress,
}
_ZIPPED = 600 << 20


@cache
def packed_bomb(packer: str) -> bytes:
    """A packed tar archive whose first member is ten gigabytes of zeros, a model behind it."""
    info = tarfile.TarInfo("variables/variables.data-00000-of-00001")
    info.size = _PIECE * _PIECES
    pack = _PACKERS[packer]
    after = tarfile.TarInfo("saved_model.pb").tobuf(tarfile.GNU_FORMAT) + bytes(1024)
    return pack(info.tobuf(tarfile.GNU_FORMAT)) + pack(bytes(_PIECE)) * _PIECES + pack(after)


@cache
def _blanks(name: str) -> bytes:
    """A zip archive of one member: a JSON list with hundreds of megabytes of blanks in it."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(name, "w") as file,
    ):
        file.write(b"[")
        for _ in range(_ZIPPED >> 20):
            file.write(b" " * (1 << 20))
        file.write(b"]")
    return out.getvalue()


def zip_bomb(parts: Sequence[tuple[str, bytes]]) -> bytes:
    """The members of an archive, the first that is JSON being hundreds of megabytes."""
    large = next((name for name, _ in parts if name.endswith(".json")), "config.json")
    out = io.BytesIO(_blanks(large))
    with zipfile.ZipFile(out, "a") as archive:
        for name, content in parts:
            if name != large:
                archive.writestr(name, content)
    return out.getvalue()
