"""The variable index and its shards, against what TensorFlow's own writer makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.errors import UnreadableModelError
from sigfix.reading.bundle import read_table, read_variables
from sigfix.reading.folder import open_directory
from sigfix.reading.snappy import decompress
from tests.models import variable_index, varint


def test_written_index_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "variables"
    folder.mkdir()
    (folder / "variables.index").write_bytes(variable_index({"a": (0, 8), "b": (8, 12)}))
    (folder / "variables.data-00000-of-00001").write_bytes(bytes(20))
    store = read_variables(open_directory(tmp_path))
    assert store is not None
    assert [(item.name, item.shape, item.offset) for item in store.tensors] == [
        ("a", (2,), 0),
        ("b", (3,), 8),
    ]
    assert store.shards[0].size == store.shards[0].needed == 20


@pytest.mark.parametrize("cut", range(1, 200, 7))
def test_truncated_index_is_an_error(cut: int, tmp_path: Path) -> None:
    data = variable_index({"a": (0, 8)})
    with pytest.raises(UnreadableModelError, match="damaged"):
        read_table(data[: max(len(data) - cut, 0)])


@pytest.mark.parametrize(
    ("packed", "plain"),
    [
        (b"\x05\x10hello", b"hello"),
        (b"\x0a\x04ab\x1e\x02\x00", b"ababababab"),  # a copy that overlaps itself
        (b"\x08\x0cabcd\x01\x04", b"abcdabcd"),
    ],
)
def test_snappy(packed: bytes, plain: bytes) -> None:
    assert decompress(packed) == plain


@pytest.mark.parametrize("packed", [b"", b"\x05\x10hel", b"\x05\x01\x09", b"\xff\xff\xff\xff\x7f"])
def test_bad_snappy(packed: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decompress(packed)


def test_blocks_that_overlap_are_not_read_again_and_again() -> None:
    """Each entry of the index block names a block; together they have no more than the file."""
    data = variable_index({f"v{number}": (0, 8) for number in range(50)})
    entry = data[data.index(b"\xff") - 3 :]
    shared, fresh, length = entry[:3]
    assert (shared, fresh) == (0, 1)
    handle = entry[4 : 4 + length]
    block = bytes([0, 1, length]) + b"\xff" + handle
    many = block * 300 + bytes(4) + (1).to_bytes(4, "little")
    start = data.index(block)
    table = data[:start] + many + bytes(5)
    footer = varint(0) + varint(0) + varint(start) + varint(len(many))
    table += footer.ljust(40, b"\0") + data[-8:]
    with pytest.raises(UnreadableModelError, match="repeat one another"):
        read_table(table)
