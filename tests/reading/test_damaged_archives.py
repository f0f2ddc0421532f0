"""Archives that are cut, overwritten or lie about themselves are refused, in little room."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import resource
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sigfix.errors import UnreadableModelError
from sigfix.pipeline.inspect import inspect
from tests.fuzzing.seeds import keras_parts, served, tar
from tests.reading.refusals import refused

ROOT = Path(__file__).parents[2]


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "m.tar": bytes,
    "m.tar.gz": gzip.compress,
    "m.tgz": gzip.compress,
    "m.tar.xz": lzma.compress,
    "m.tar.bz2": bz2.compress,
}


def _tar() -> bytes:
    model = served()
    return tar({"saved_model.pb": model.data(), **model.files})


@pytest.mark.parametrize("name", PACKED)
def test_archives_cut_anywhere(name: str, tmp_path: Path) -> None:
    whole = PACKED[name](_tar())
    path = tmp_path / name
    lengths = {1, 2, 5, 9, 10, 11, 18, 40, *range(20, len(whole), max(1, len(whole) // 25))}
    for length in sorted(lengths):
        path.write_bytes(whole[:length])
        try:
            inspect(path)
        except UnreadableModelError:
            refused(path)
    path.write_bytes(whole)
    assert inspect(path).model is not None


@pytest.mark.parametrize("name", PACKED)
def test_archives_with_bytes_overwritten(name: str, tmp_path: Path) -> None:
    whole = PACKED[name](_tar())
    path = tmp_path / name
    for at in range(0, len(whole), max(1, len(whole) // 60)):
        path.write_bytes(whole[:at] + b"\xff\x00\xff\x5a"[: len(whole) - at] + whole[at + 4 :])
        try:
            inspect(path)
        except UnreadableModelError:
            refused(path)


def test_an_archive_whose_sizes_lead_backwards(tmp_path: Path) -> None:
    """Headers of a size below zero would be read again and again."""
    data = bytearray(tar({"a": b"x" * 512, "saved_model.pb": b"x"}))
    data[124:136] = b"\xff" * 12
    data[148:156] = b"%06o\0 " % (sum(data[:148]) + 8 * 32 + sum(data[156:512]))
    path = tmp_path / "m.tar"
    path.write_bytes(data)
    assert "damaged" in refused(path).message


def test_an_archive_that_unpacks_without_end(tmp_path: Path) -> None:
    info = tarfile.TarInfo("saved_model.pb")
    info.size = 3 << 40
    path = tmp_path / "m.tar"
    path.write_bytes(info.tobuf() + bytes(2048))
    assert "unpacks to more than" in refused(path).message


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (600 << 20, 600 << 20))


@pytest.mark.parametrize("name", ["m.tar.gz", "m.tar"])
def test_a_member_is_read_in_the_room_that_it_needs(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(PACKED[name](_tar()))
    done = subprocess.run(
        [sys.executable, "-m", "sigfix", "inspect", str(tmp_path / name)],
        cwd=ROOT, capture_output=True, text=True, preexec_fn=_limited,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr  # findings
    assert "predict" in done.stdout


def test_too_little_memory_is_said(tmp_path: Path) -> None:
    path = tmp_path / "frozen.pb"
    with path.open("wb") as file:
        file.write(b"\x0a\x0e\x0a\x01x\x12\x09Placehol1")
        file.truncate(500 << 20)
    code = "from sigfix.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "inspect", str(path)],
        cwd=ROOT, capture_output=True, text=True, preexec_fn=_limited,
    )  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def _encrypted(data: bytes) -> bytes:
    """The same archive, said to be encrypted in both of its directories."""
    out = bytearray(data)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = out.find(mark)
        while at >= 0:
            out[at + offset] |= 1
            at = out.find(mark, at + 1)
    return bytes(out)


def _corrupted(data: bytes) -> bytes:
    at = data.find(b"config.json") + len("config.json") + 20
    return data[:at] + b"\xff" * 30 + data[at + 30 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "encrypted": _encrypted,
    "corrupted": _corrupted,
    "cut": lambda data: data[: len(data) * 2 // 3],
    "method": lambda data: data.replace(b"\x14\x00\x00\x00\x08\x00", b"\x14\x00\x00\x00\x63\x00"),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_damaged_keras_archives(method: int, damage: str, tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        for name, content in keras_parts().items():
            archive.writestr(name, content)
    damaged = DAMAGES[damage](data.getvalue())
    if damaged == data.getvalue():
        pytest.skip("this method is written in another way")
    path = tmp_path / "m.keras"
    path.write_bytes(damaged)
    refused(path)
