"""What the readers' libraries raise about a file becomes one clear error with exit code 2."""

from __future__ import annotations

import json
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
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
from sigfix.wire import read_varint
from tests.fuzzing.seeds import keras_parts, served
from tests.models import variable_index
from tests.reading.refusals import refused
from tests.reading.test_other_formats import tfjs_model

ROOT = Path(__file__).parents[2]


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
