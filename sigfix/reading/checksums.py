"""Verify the CRC32C of every stored tensor against the variable index.

Format: tensorflow/core/util/tensor_bundle; the checksum of a tensor is masked as LevelDB masks
its own, and that of a string tensor also covers the lengths of its strings.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sigfix.errors import MissingExtraError
from sigfix.model import StoredTensor, VariableStore
from sigfix.reading.wire import read_varint

_CHUNK = 8 << 20
_UNCHECKED = ("resource", "variant")
Extend = Callable[[int, bytes], int]


def _mask(crc: int) -> int:
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def _plain(data: mmap.mmap, start: int, end: int, extend: Extend, crc: int = 0) -> int:
    for position in range(start, end, _CHUNK):
        crc = extend(crc, data[position : min(position + _CHUNK, end)])
    return crc


def _strings(data: mmap.mmap, tensor: StoredTensor, extend: Extend) -> int:
    """Lengths as varints, a masked checksum of them, then the bytes of the strings."""
    count = 1
    for size in tensor.shape or ():
        count *= size or 0
    position, crc = tensor.offset, 0
    for _ in range(count):
        length, position = read_varint(data, position)
        crc = extend(crc, struct.pack("<I" if length < 1 << 32 else "<Q", length))
    crc = extend(crc, data[position : position + 4])
    return _plain(data, position + 4, tensor.offset + tensor.size, extend, crc)


def _is_right(data: mmap.mmap, tensor: StoredTensor, extend: Extend) -> bool:
    end = tensor.offset + tensor.size
    if end > len(data):
        return False
    try:
        crc = (
            _strings(data, tensor, extend)
            if tensor.dtype == "string"
            else _plain(data, tensor.offset, end, extend)
        )
    except ValueError:
        return False
    return _mask(crc) == tensor.crc32c


def with_checksums(folder: Path, store: VariableStore) -> VariableStore:
    """The store with the names of the tensors whose checksum is wrong.

    `folder` is the model's `variables` directory. Tensors of missing shards are left to the
    finding about the shard. Raises `MissingExtraError` without google-crc32c.
    """
    try:
        import google_crc32c
    except ImportError as error:
        raise MissingExtraError("--checksums", "checksums", str(error)) from error
    wrong = []
    for number, shard in enumerate(store.shards):
        stored = [
            tensor
            for tensor in store.tensors
            if tensor.shard == number and tensor.size and tensor.dtype not in _UNCHECKED
        ]
        if not shard.size or not stored:
            continue
        with (
            (folder / shard.filename).open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
        ):
            wrong += [
                item.name for item in stored if not _is_right(data, item, google_crc32c.extend)
            ]
    return replace(store, bad_checksums=tuple(wrong), checksums_verified=True)
