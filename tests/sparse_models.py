"""Models of gigabytes whose files are holes: they take no room on disk and no time to write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.models import Dtype, healthy, variable_index, varint

Part = bytes | int
"""Bytes, or the size of a hole."""


def _size(parts: Sequence[Part]) -> int:
    return sum(part if isinstance(part, int) else len(part) for part in parts)


def _field(number: int, *parts: Part) -> list[Part]:
    """A length-delimited protobuf field around `parts`."""
    return [varint(number << 3 | 2) + varint(_size(parts)), *parts]


def saved_model_with_hole(size: int) -> list[Part]:
    """A healthy model whose graph also has a constant of `size` bytes, all zero.

    Field numbers: tensorflow/core/protobuf/{saved_model,meta_graph}.proto and
    tensorflow/core/framework/{graph,node_def,attr_value,tensor,tensor_shape}.proto.
    """
    model = healthy()
    model.node("w", "VarHandleOp", dtype=Dtype("float32"), shape=(3,), shared_name="w")
    shape = _field(2, *_field(2, b"\x08" + varint(size // 4)))
    tensor = _field(8, b"\x08\x01", *shape, *_field(4, size))
    attribute = _field(5, *_field(1, b"value"), *_field(2, *tensor))
    node = _field(1, *_field(1, b"weights"), *_field(2, b"Const"), *attribute)
    # A second graph_def in the same message is merged with the first.
    meta = [model.meta.SerializeToString(), *_field(2, *node)]
    return [b"\x08\x01", *_field(2, *meta)]


def write_sparse_model(path: Path, graph_bytes: int, variable_bytes: int, shards: int = 4) -> Path:
    """A SavedModel of that size: one constant, and one variable a shard."""
    (path / "variables").mkdir(parents=True)
    with (path / "saved_model.pb").open("wb") as file:
        for part in saved_model_with_hole(graph_bytes):
            if isinstance(part, int):
                file.seek(part, 1)
            else:
                file.write(part)
        file.truncate()  # to here: seeking past the end adds nothing
    each = variable_bytes // shards
    index = variable_index({f"w{number}": (0, each, number) for number in range(shards)}, shards)
    (path / "variables" / "variables.index").write_bytes(index)
    for number in range(shards):
        name = f"variables.data-{number:05d}-of-{shards:05d}"
        with (path / "variables" / name).open("wb") as file:
            file.truncate(each)
    return path
