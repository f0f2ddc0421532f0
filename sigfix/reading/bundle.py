"""The variable index: a sorted string table of names -> BundleEntryProto, and its data shards.

Format: LevelDB's table format (github.com/google/leveldb, doc/table_format.md), blocks plain or
compressed with snappy. The first entry, under the empty key, is the header.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from typing import Any

from sigfix.errors import UnreadableModelError
from sigfix.model import Shard, StoredTensor, VariableStore
from sigfix.reading.folder import Folder
from sigfix.reading.protos import dtype_name, parse
from sigfix.reading.shapes import read_shape
from sigfix.reading.snappy import decompress
from sigfix.wire import read_varint

INDEX_NAME = "variables.index"
_MOST_SHARDS = 100_000
_LISTED_EMPTY = 100
"""Of more shards than these, those that are missing and hold nothing are not listed."""
_SMALL_TABLE = 8 << 20
_MOST_UNPACKED = 100
"""Names share their beginnings, so a table grows when it is read: hardly to the hundredfold."""
_MAGIC = 0xDB4775248B80FB57
_FOOTER_SIZE = 48
_UNCOMPRESSED, _SNAPPY = 0, 1
_TRAILER_SIZE = 5
"""After each block: one byte of compression type, four of masked CRC32C."""


def _size(handle: bytes) -> int:
    """How many bytes of the file a block takes."""
    _, position = read_varint(handle, 0)
    return read_varint(handle, position)[0] + _TRAILER_SIZE


def _block(data: bytes, handle: bytes) -> bytes:
    """The contents of the block that a handle (offset, size) points to."""
    offset, position = read_varint(handle, 0)
    size, _ = read_varint(handle, position)
    if offset + size + _TRAILER_SIZE > len(data):
        raise ValueError("a block lies past the end of the file")
    contents, compression = data[offset : offset + size], data[offset + size]
    if compression == _SNAPPY:
        try:
            return decompress(contents)
        except ValueError as error:
            raise ValueError(f"a compressed block does not unpack ({error})") from error
    if compression != _UNCOMPRESSED:
        raise ValueError(f"a block has the unknown compression type {compression}")
    return contents


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The key-value pairs of a block; keys share prefixes with their predecessors."""
    if len(block) < 4:
        raise ValueError("a block is too short")
    restarts = struct.unpack_from("<I", block, len(block) - 4)[0]
    end = len(block) - 4 - 4 * restarts
    if end < 0:
        raise ValueError("a block's restart array is longer than the block")
    position, key = 0, b""
    while position < end:
        shared, position = read_varint(block, position)
        fresh, position = read_varint(block, position)
        length, position = read_varint(block, position)
        if shared > len(key) or position + fresh + length > end:
            raise ValueError("an entry runs past its block")
        key = key[:shared] + block[position : position + fresh]
        position += fresh
        yield key, block[position : position + length]
        position += length


def read_table(data: bytes) -> list[tuple[bytes, bytes]]:
    """Every pair of a table, in key order. Raises `UnreadableModelError` where it is broken."""
    try:
        if len(data) < _FOOTER_SIZE:
            raise ValueError("it is shorter than a footer")
        if struct.unpack_from("<Q", data, len(data) - 8)[0] != _MAGIC:
            raise ValueError("the table's magic number is missing at its end")
        footer = data[-_FOOTER_SIZE:]
        _, position = read_varint(footer, 0)
        _, position = read_varint(footer, position)
        pairs: list[tuple[bytes, bytes]] = []
        left, packed = _SMALL_TABLE + _MOST_UNPACKED * len(data), 0
        for _, handle in _entries(_block(data, footer[position:])):
            packed += _size(handle)
            if packed > len(data):
                raise ValueError("its blocks repeat one another")
            for key, value in _entries(_block(data, handle)):
                pairs.append((key, value))
                left -= len(key) + len(value)
                if left < 0 or len(pairs) > len(data):
                    raise ValueError("its blocks repeat one another")
        return pairs
    except ValueError as error:
        raise UnreadableModelError(f"The variable index is damaged: {error}.") from error


def shard_name(shard: int, count: int) -> str:
    """The file name of a data shard."""
    return f"variables.data-{shard:05d}-of-{count:05d}"


def _stored_tensor(name: str, entry: Any) -> StoredTensor:
    return StoredTensor(
        name=name,
        dtype=dtype_name(entry.dtype),
        shape=read_shape(entry.shape),
        shard=entry.shard_id,
        offset=entry.offset,
        size=entry.size,
        crc32c=entry.crc32c,
        is_sliced=bool(entry.slices),
    )


def _sliced_name(key: bytes) -> bytes:
    """The variable whose part has this key: a zero, then its name, escaped, up to a mark.

    Source: EncodeTensorNameSlice and OrderedCode::WriteString of TensorFlow 2.19.
    """
    name = key[1:].split(b"\x00\x01", 1)[0]
    return name.replace(b"\x00\xff", b"\x00").replace(b"\xff\x00", b"\xff")


def read_index(data: bytes) -> tuple[int, list[StoredTensor]]:
    """The number of shards, and every stored tensor sorted by name.

    A partitioned variable is there as a whole, without data, and in its parts.
    """
    count, tensors = 0, []
    parts: Counter[bytes] = Counter()
    for key, value in read_table(data):
        if key == b"":
            count = parse("BundleHeaderProto", value).num_shards
            continue
        name, part = key.decode("utf-8", "replace"), ""
        if key.startswith(b"\x00"):
            whole = _sliced_name(key)
            name, part = whole.decode("utf-8", "replace"), f", part {parts[whole]}"
            parts[whole] += 1
        tensors.append(_stored_tensor(name + part, parse("BundleEntryProto", value)))
    return count, sorted(tensors, key=lambda item: item.name)


def read_variables(folder: Folder) -> VariableStore | None:
    """`variables/` of a SavedModel, without its data; None where there is no such folder."""
    names = folder.below("variables")
    if not names and not folder.has_folder("variables"):
        return None
    if INDEX_NAME not in names:
        return VariableStore(stray=_stray(names, set()), has_index=False)
    if folder.is_pointer(f"variables/{INDEX_NAME}"):
        return VariableStore(is_pointer=True)
    try:
        count, tensors = read_index(folder.read(f"variables/{INDEX_NAME}"))
    except UnreadableModelError as error:
        if error.code == "CON215":  # nothing is known of its contents
            raise
        return VariableStore(error=error.message)
    needed: dict[int, int] = dict.fromkeys(range(min(count, _MOST_SHARDS)), 0)
    for tensor in tensors:
        if tensor.shard not in needed or tensor.offset < 0 or tensor.size < 0:
            return VariableStore(
                error=f"The variable index is damaged: {tensor.name} is at byte {tensor.offset} of"
                f" shard {tensor.shard} of {count}."
            )
        needed[tensor.shard] = max(needed[tensor.shard], tensor.offset + tensor.size)
    shards = []
    for number, size in needed.items():
        name = shard_name(number, count)
        there = folder.sizes.get(f"variables/{name}")
        if there is not None or size or count <= _LISTED_EMPTY:
            pointer = folder.is_pointer(f"variables/{name}")
            shards.append(Shard(name, there, size, number, pointer))
    expected = {INDEX_NAME, *(shard.filename for shard in shards)}
    return VariableStore(tuple(tensors), tuple(shards), _stray(names, expected))


def _stray(names: frozenset[str], expected: set[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in names if name and name not in expected))
