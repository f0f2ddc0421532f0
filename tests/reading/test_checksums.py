"""`--checksums`: every stored tensor against the CRC32C in the index."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sigfix.errors import MissingExtraError
from sigfix.pipeline.inspect import inspect
from tests.corpus import CORPUS, facts, needs_corpus
from tests.models import healthy, with_variable


@needs_corpus
@pytest.mark.parametrize(
    "name", [name for name, fact in facts().items() if fact["vars"] != "none needed"]
)
def test_foreign_models_are_undamaged(name: str) -> None:
    pytest.importorskip("google_crc32c")
    model = inspect(CORPUS / name, checksums=True).model
    assert model is not None
    assert model.variables is not None
    assert model.variables.checksums_verified
    assert model.variables.tensors
    assert model.variables.bad_checksums == ()


@needs_corpus
@pytest.mark.parametrize("name", ["basic_pitch", "taxi_serving_4sig"])
def test_one_changed_byte_is_found(name: str, tmp_path: Path) -> None:
    pytest.importorskip("google_crc32c")
    path = tmp_path / "m"
    shutil.copytree(CORPUS / name, path)
    model = inspect(path).model
    assert model is not None
    assert model.variables is not None
    tensor = max(model.variables.tensors, key=lambda item: item.size)
    shard = path / "variables" / model.variables.shards[tensor.shard].filename
    shard.chmod(0o644)
    data = bytearray(shard.read_bytes())
    data[tensor.offset + tensor.size // 2] ^= 1
    shard.write_bytes(data)
    assert "CON206" not in [item.code for item in inspect(path).findings]
    found = [item for item in inspect(path, checksums=True).findings if item.code == "CON206"]
    assert [item.message for item in found] == [f"the checksum of {tensor.name} is wrong"]


def test_wrong_checksum_of_a_written_model(tmp_path: Path) -> None:
    pytest.importorskip("google_crc32c")
    path = with_variable(healthy()).write(tmp_path / "m")  # its index says 0
    assert [item.code for item in inspect(path, checksums=True).findings] == ["CON206"]


def test_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "google_crc32c", None)
    path = with_variable(healthy()).write(tmp_path / "m")
    with pytest.raises(MissingExtraError) as caught:
        inspect(path, checksums=True)
    assert "sigfix[checksums]" in str(caught.value.hint)
