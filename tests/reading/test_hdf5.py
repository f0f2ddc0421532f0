"""HDF5 is read in a child, which may neither work for ever nor take all memory."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from sigfix.errors import UnreadableModelError
from sigfix.pipeline.inspect import inspect
from sigfix.reading import hdf5
from tests.fuzzing.seeds import seeds

h5py = pytest.importorskip("h5py")


def _file(path: Path, **attributes: object) -> Path:
    with h5py.File(path, "w") as file:
        for name, value in attributes.items():
            file.attrs[name] = value
    return path


def _seed(path: Path) -> Path:
    path.write_bytes(seeds()["h5"][0].files["m.h5"])
    return path


def test_a_whole_file_is_described(tmp_path: Path) -> None:
    found = inspect(_seed(tmp_path / "m.h5")).other
    assert found is not None
    assert [item.name for item in found.inputs] == ["image"]
    assert dict(found.facts)["Keras"] == "2.15.0"


@pytest.mark.parametrize(
    ("work", "why"),
    [
        ("while True: pass", "SIGXCPU"),
        ("kept = [bytes(1 << 24) for _ in range(200)]", "MemoryError|SIGKILL|Unable|memory"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
    ],
)
def test_a_file_that_keeps_its_reader_busy(
    work: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever libhdf5 does with a file: here it is done by a module in its place."""
    (tmp_path / "modules" / "h5py").mkdir(parents=True)
    (tmp_path / "modules" / "h5py" / "__init__.py").write_text(f"def File(*_):\n    {work}\n")
    monkeypatch.syspath_prepend(tmp_path / "modules")
    monkeypatch.setattr(hdf5, "CPU_SECONDS", 1)
    monkeypatch.setattr(hdf5, "MEMORY", 256 << 20)
    path = _seed(tmp_path / "m.h5")
    start = time.monotonic()
    with pytest.raises(UnreadableModelError, match=why) as caught:
        inspect(path)
    assert caught.value.code == "CON214"
    assert time.monotonic() - start < hdf5.WALL_SECONDS


def test_what_a_child_may_use_is_little() -> None:
    """A whole file takes milliseconds, so that a trap costs a user seconds and no more."""
    assert hdf5.CPU_SECONDS <= 5
    assert hdf5.MEMORY <= 2 << 30


@pytest.mark.parametrize(
    "attributes",
    [
        {"model_config": 3},
        {"model_config": [1.0, 2.0]},
        {"model_config": b"\xff\xfe{"},
        {"model_config": "{"},
        {"model_config": "[" * 5000},
        {"model_config": json.dumps({"class_name": "F", "config": []}), "keras_version": 2},
    ],
    ids=repr,
)
def test_attributes_of_another_kind(attributes: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(UnreadableModelError) as caught:
        inspect(_file(tmp_path / "m.h5", **attributes))
    assert caught.value.code == "CON214"
    assert not isinstance(caught.value.__cause__, (TypeError, AttributeError))


def test_weights_without_a_model(tmp_path: Path) -> None:
    found = inspect(_file(tmp_path / "m.h5", keras_version="2.15.0")).other
    assert found is not None
    assert "weights without a model" in dict(found.facts)["contents"]
