"""What the readers' libraries raise about a file becomes one clear error with exit code 2."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import resource
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import DecodeError

from sigfix import reading
from sigfix.errors import SigfixError, UnreadableModelError
from sigfix.pipeline.inspect import inspect
from sigfix.reading.boundary import OWN_FAULTS, said_as_unreadable
from sigfix.reading.checksums import with_checksums
from sigfix.reading.folder import open_directory
from sigfix.reading.wire import read_varint
from tests.fuzzing.seeds import keras_parts, served, tar
from tests.models import variable_index
from tests.reading.test_other_formats import tfjs_model

ROOT = Path(__file__).parents[2]


def refused(path: Path, call: Callable[[Path], object] = inspect) -> UnreadableModelError:
    with pytest.raises(UnreadableModelError) as caught:
        call(path)
    assert caught.value.exit_code == 2
    assert caught.value.code
    assert str(path) in caught.value.message
    cause = caught.value.__cause__
    assert not isinstance(cause, OWN_FAULTS), repr(cause)
    return caught.value


LIBRARIES = [
    zlib.error("Error -3"), lzma.LZMAError("Corrupt input data"), EOFError("ended before"),
    struct.error("argument out of range"), zipfile.BadZipFile("Bad CRC-32"),
    tarfile.ReadError("unexpected end of data"), RuntimeError("File 'x' is encrypted"),
    NotImplementedError("compression type 99"), OverflowError("cannot convert float infinity"),
    json.JSONDecodeError("Expecting value", "", 0), DecodeError("Error parsing message"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), MemoryError(),
    RecursionError("maximum recursion depth exceeded"), ValueError("bad"), OSError("no number"),
]  # fmt: skip


@pytest.mark.parametrize("error", LIBRARIES, ids=lambda error: type(error).__name__)
def test_an_error_of_a_library_is_said_about_the_file(error: Exception, tmp_path: Path) -> None:
    with pytest.raises(UnreadableModelError) as caught, said_as_unreadable(tmp_path / "m.pb"):
        raise error
    assert caught.value.code == "CON214"
    assert caught.value.message.startswith(str(tmp_path / "m.pb"))
    assert caught.value.__cause__ is error


def test_what_could_not_be_opened_is_another_finding() -> None:
    denied = PermissionError(13, "Permission denied")
    with pytest.raises(UnreadableModelError, match="denied") as caught, said_as_unreadable("m"):
        raise denied
    assert caught.value.code == "CON215"


@pytest.mark.parametrize("kind", OWN_FAULTS)
def test_a_readers_own_fault_is_clear_to_users_and_kept_for_tests(
    kind: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said, with exit code 2, and what it was stays there to be found."""

    def trusting(path: Path) -> None:
        raise kind("'list' object has no attribute 'get'")

    monkeypatch.setattr(reading, "read_saved_model", trusting)
    served().write(tmp_path / "m")
    with pytest.raises(UnreadableModelError, match="does not understand") as caught:
        reading.read_any(tmp_path / "m")
    assert type(caught.value.__cause__) is kind


def test_an_expected_error_passes_as_it_is(tmp_path: Path) -> None:
    said = UnreadableModelError("that is all", "do this", code="CON216")
    with pytest.raises(UnreadableModelError) as caught, said_as_unreadable(tmp_path):
        raise said
    assert caught.value is said


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


ODD: list[Any] = [None, True, 3, -1.5, "x", [], ["x"], [[]], [None], {}, {"x": []}, "@inf", "@huge"]


def _everywhere(document: Any, odd: Any) -> list[bytes]:
    """The document once for each of its values, with `odd` in that value's place."""
    found = []

    def walk(value: Any) -> None:
        keys = list(value) if isinstance(value, dict) else range(len(value))
        for key in keys:
            kept, value[key] = value[key], odd
            text = json.dumps(document)
            text = text.replace('"@inf"', "1e999").replace('"@huge"', "9" * 5000)
            found.append(text.encode())
            value[key] = kept
            if isinstance(kept, (dict, list)):
                walk(kept)

    walk(document)
    return found


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_odd_values_anywhere_in_a_keras_configuration(odd: Any, tmp_path: Path) -> None:
    parts = keras_parts()
    path = tmp_path / "m.keras"
    for name in ("config.json", "metadata.json"):
        for text in [*_everywhere(json.loads(parts[name]), odd), json.dumps(odd).encode()]:
            with zipfile.ZipFile(path, "w") as archive:
                for member, content in {**parts, name: text}.items():
                    archive.writestr(member, content)
            _report_or_refusal(path)


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_odd_values_anywhere_in_a_tfjs_model(odd: Any, tmp_path: Path) -> None:
    folder = tfjs_model(tmp_path / "m", op="Relu")
    document = json.loads((folder / "model.json").read_text())
    document["userDefinedMetadata"] = {"sigfix": {"preset": "x", "mean": [0.5]}}
    for text in _everywhere(document, odd):
        (folder / "model.json").write_bytes(text)
        _report_or_refusal(folder)


def _report_or_refusal(path: Path) -> None:
    try:
        inspect(path)
    except SigfixError as error:
        assert not isinstance(error.__cause__, (*OWN_FAULTS, OverflowError)), error


def test_a_number_has_at_most_64_bits() -> None:
    most = b"\xff" * 9 + b"\x01"
    assert read_varint(most, 0) == (2**64 - 1, 10)
    with pytest.raises(ValueError, match="64 bits"):
        read_varint(b"\xff" * 9 + b"\x02", 0)


@pytest.mark.parametrize("length", [2**32, 2**63, 2**64 - 1, 2**64, 2**69])
def test_lengths_of_strings_beyond_any_file(length: int, tmp_path: Path) -> None:
    """The shard of a string tensor says how long its strings are; its checksum is then wrong."""
    pytest.importorskip("google_crc32c")
    from sigfix.model import StoredTensor, VariableStore
    from tests.models import varint

    folder = served().write(tmp_path / "m")
    shard = folder / "variables" / "variables.data-00000-of-00001"
    shard.write_bytes(varint(length).ljust(24, b"\0"))
    (folder / "variables" / "variables.index").write_bytes(variable_index({"s": (0, 24)}))
    store = open_directory(folder)
    assert store.sizes["variables/variables.data-00000-of-00001"] == 24
    from dataclasses import replace

    from sigfix.reading.bundle import read_variables

    found = read_variables(store)
    assert isinstance(found, VariableStore)
    tensor: StoredTensor = replace(found.tensors[0], dtype="string", shape=(2,))
    checked = with_checksums(folder / "variables", replace(found, tensors=(tensor,)))
    assert checked.bad_checksums == ("s",)


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    from sigfix.pipeline.repair import repair

    for call in (inspect, repair):
        assert "too long" in refused(tmp_path / ("x" * 5000), call).message
    with pytest.raises(UnreadableModelError):
        inspect("a\0b")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", ["saved_model.pb", "variables/variables.index", "assets"])
def test_what_may_not_be_read_is_no_damage(name: str, tmp_path: Path) -> None:
    folder = served().write(tmp_path / "m")
    (folder / name).chmod(0)
    try:
        assert refused(folder).code == "CON215"
    finally:
        (folder / name).chmod(0o755)
