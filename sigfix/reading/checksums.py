"""Verify the CRC32C of every stored tensor against the variable index.

Format: tensorflow/core/util/tensor_bundle; the checksum of a tensor is masked as LevelDB masks
its own, and that of a string tensor also covers the lengths of its strings.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sigfix.errors import MissingExtraError
from sigfix.model import StoredTensor, VariableStore
from sigfix.reading.folder import mapped
from sigfix.wire import Buffer, read_varint

_CHUNK = 8 << 20
_UNCHECKED = ("resource", "variant")
Extend = Callable[[int, bytes], int]


def _mask(crc: int) -> int:
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def _plain(data: Buffer, start: int, end: int, extend: Extend, crc: int = 0) -> int:
    for position in range(start, end, _CHUNK):
        crc = extend(crc, data[position : min(position + _CHUNK, end)])
    return crc


def _strings(data: Buffer, tensor: StoredTensor, extend: Extend) -> int:
    """Lengths as varints, a masked checksum of them, then the bytes of the strings."""
    count = 1
    for size in tensor.shape or ():
        count *= size or 0
    if count > tensor.size:
        raise ValueError("there are more strings than bytes")
    position, crc = tensor.offset, 0
    for _ in range(count):
        length, position = read_varint(data, position)
        crc = extend(crc, struct.pack("<I" if length < 1 << 32 else "<Q", length))
    crc = extend(crc, data[position : position + 4])
    return _plain(data, position + 4, tensor.offset + tensor.size, extend, crc)


def _is_right(data: Buffer, tensor: StoredTensor, extend: Extend) -> bool:
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
    finding about the shard. Raises `MissingExtraError` without google-crc32c, and
    `UnreadableModelError` where a shard cannot be read.
    """
    try:
        import google_crc32c
    except ImportError as error:
        raise MissingExtraError("--checksums", "checksums", str(error)) from error
    wrong = []
    stored: dict[int, list[StoredTensor]] = {}
    for tensor in store.tensors:
        if tensor.size and tensor.dtype not in _UNCHECKED:
            stored.setdefault(tensor.shard, []).append(tensor)
    for shard in store.shards:
        items = stored.get(shard.number, [])
        if not shard.size or not items:
            continue
        with mapped(folder / shard.filename) as data:
            wrong += [
                item.name for item in items if not _is_right(data, item, google_crc32c.extend)
            ]
    return replace(store, bad_checksums=tuple(wrong), checksums_verified=True)
