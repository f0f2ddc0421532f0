"""What is no model is named in one message, with its code and what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sigfix.errors import UnreadableModelError
from sigfix.pipeline.inspect import inspect
from sigfix.reading import read
from tests.models import Model, healthy, varint


def saved_model_with(path: Path, data: bytes) -> Path:
    path.mkdir()
    (path / "saved_model.pb").write_bytes(data)
    return path


def frozen_graph() -> bytes:
    return Model().meta.graph_def.SerializeToString()


CASES = {
    "empty file": (b"", "CON214", "is empty"),
    "text": (b"the model is somewhere else\n", "CON212", "is a text file"),
    "page": (b"\n<!DOCTYPE html><title>Sign in</title>", "CON212", "is a web page"),
    "store's answer": (b"<?xml version='1.0'?>\n<Error>denied</Error>", "CON212", "is a web page"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(40), "CON212", "is an HDF5 file"),
    "zip": (b"PK\x03\x04" + bytes(40), "CON212", "is a zip archive"),
    "gzip": (b"\x1f\x8b\x08" + bytes(40), "CON212", "is a gzip archive"),
    "tar": (b"m".ljust(257, b"\0") + b"ustar\x0000" + bytes(200), "CON212", "is a tar archive"),
    "tflite": (b"\x1c\0\0\0TFL3" + bytes(40), "CON212", "is a TensorFlow Lite model"),
    "lfs": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n",
        "CON211",
        "Git-LFS pointer",
    ),
    "truncated": (healthy().data()[:-20], "CON214", "20 bytes are missing"),
    "frozen graph": (frozen_graph(), "CON212", "frozen GraphDef"),
    "meta graph": (healthy().meta.SerializeToString(), "CON212", "MetaGraphDef"),
    "no meta graph": (b"\x08\x01", "CON212", "no MetaGraph"),
    "zeros": (bytes(1000), "CON212", "no MetaGraph"),
}


def test_a_page_in_place_of_a_file(tmp_path: Path) -> None:
    for name in ("m.h5", "m.keras", "m.onnx", "m.pb", "model.json"):
        (tmp_path / name).write_bytes(b"<!doctype HTML>\n<html></html>")
        with pytest.raises(UnreadableModelError, match="is a web page"):
            read(tmp_path / name)


@pytest.mark.parametrize("name", CASES)
def test_file_that_is_no_saved_model(name: str, tmp_path: Path) -> None:
    data, code, words = CASES[name]
    path = saved_model_with(tmp_path / "model", data)
    with pytest.raises(UnreadableModelError) as caught:
        read(path)
    assert caught.value.code == code
    assert words in caught.value.message
    assert str(path / "saved_model.pb") in caught.value.message
    assert (path / "saved_model.pb").read_bytes() == data


def test_damage_inside_is_a_parse_error(tmp_path: Path) -> None:
    data = bytearray(healthy().data())
    data[10:30] = b"\xff" * 20
    with pytest.raises(UnreadableModelError) as caught:
        read(saved_model_with(tmp_path / "model", bytes(data)))
    assert caught.value.code in ("CON212", "CON214")


def test_absent_path(tmp_path: Path) -> None:
    with pytest.raises(UnreadableModelError, match="does not exist"):
        read(tmp_path / "nothing")


def test_empty_directory(tmp_path: Path) -> None:
    with pytest.raises(UnreadableModelError, match="is an empty directory") as caught:
        read(tmp_path)
    assert caught.value.code == "CON215"


def test_variables_folder_points_to_the_one_above(tmp_path: Path) -> None:
    (tmp_path / "variables.index").write_bytes(b"")
    with pytest.raises(UnreadableModelError) as caught:
        read(tmp_path)
    assert "the one above" in (caught.value.hint or "")


def test_checkpoint_is_named(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_text("x")
    (tmp_path / "ckpt-1.index").write_bytes(b"")
    with pytest.raises(UnreadableModelError) as caught:
        read(tmp_path)
    assert "checkpoint" in (caught.value.hint or "")


def test_one_version_below_is_read(tmp_path: Path) -> None:
    healthy().write(tmp_path / "model" / "1")
    assert read(tmp_path / "model").path == tmp_path / "model" / "1"
    assert [item.code for item in inspect(tmp_path / "model").findings] == ["CON210"]
    assert inspect(tmp_path / "model" / "1").findings == ()


def test_several_versions_are_listed(tmp_path: Path) -> None:
    for version in ("1", "2", "10"):
        healthy().write(tmp_path / "model" / version)
    with pytest.raises(UnreadableModelError, match="holds 3 SavedModels: 1, 2, 10") as caught:
        read(tmp_path / "model")
    assert caught.value.code == "CON216"


def test_hidden_folders_and_environments_are_not_searched(tmp_path: Path) -> None:
    healthy().write(tmp_path / ".cache")
    healthy().write(tmp_path / "node_modules" / "m")
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "pyvenv.cfg").write_text("")
    healthy().write(tmp_path / "venv" / "m")
    with pytest.raises(UnreadableModelError) as caught:
        read(tmp_path)
    assert caught.value.code == "CON215"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file(tmp_path: Path) -> None:
    path = healthy().write(tmp_path / "model")
    (path / "saved_model.pb").chmod(0)
    with pytest.raises(UnreadableModelError, match="cannot be read"):
        read(path)


@pytest.mark.parametrize("depth", [40, 60, 5000])
def test_nesting_without_end_is_refused(depth: int, tmp_path: Path) -> None:
    """Tuples inside tuples, as many as the parser lets through and many more."""
    value = b""
    for _ in range(depth):
        inner = b"\x0a" + varint(len(value)) + value  # TupleValue.values
        value = b"\xa2\x03" + varint(len(inner)) + inner  # StructuredValue.tuple_value
    concrete = b"\x22" + varint(len(value)) + value  # output_signature
    entry = b"\x0a\x03f_1\x12" + varint(len(concrete)) + concrete
    graph = b"\x12" + varint(len(entry)) + entry
    meta = healthy().meta.SerializeToString() + b"\x3a" + varint(len(graph)) + graph
    data = b"\x08\x01\x12" + varint(len(meta)) + meta
    path = saved_model_with(tmp_path / "model", data)
    try:
        read(path)
    except UnreadableModelError as error:
        assert error.code == "CON214"
