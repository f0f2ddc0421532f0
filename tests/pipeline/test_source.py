"""What `convert` takes for its model, and what it says where it cannot tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.errors import UnreadableModelError, UsageError
from sigfix.pipeline.source import FROZEN, KERAS, ONNX, PRESET, SAVED_MODEL, find_source


def model(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"")
    return folder


def test_the_only_saved_model_below_here(tmp_path):
    model(tmp_path / "models" / "one")
    for elsewhere in (".hidden/m", "node_modules/m", "deep/er/m", ".m.sigfix-staging-1234"):
        model(tmp_path / elsewhere)
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "pyvenv.cfg").touch()
    model(tmp_path / "env" / "m")
    source = find_source(None, tmp_path)
    assert (source.kind, source.path) == (SAVED_MODEL, Path("models/one"))


def test_several_are_listed(tmp_path):
    model(tmp_path / "a")
    model(tmp_path / "b")
    with pytest.raises(UsageError) as error:
        find_source(None, tmp_path)
    assert error.value.message.splitlines()[1:] == ["  a", "  b"]
    assert error.value.hint == "sigfix convert a --tfjs"


def test_none_says_how_to_get_one(tmp_path):
    with pytest.raises(UsageError, match="no SavedModel in the two levels") as error:
        find_source(None, tmp_path)
    assert "convert crnn_vgg16_bn --tfjs" in (error.value.hint or "")


def test_a_directory_called_as_a_preset_is_the_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_source("crnn_vgg16_bn", tmp_path).kind == PRESET
    model(tmp_path / "crnn_vgg16_bn")
    assert find_source("crnn_vgg16_bn", tmp_path).kind == SAVED_MODEL


def test_kinds_of_files(tmp_path):
    (tmp_path / "m.onnx").touch()
    assert find_source(str(tmp_path / "m.onnx"), tmp_path).kind == ONNX
    with pytest.raises(UnreadableModelError, match="does not exist"):
        find_source(str(tmp_path / "absent.onnx"), tmp_path)
    with pytest.raises(UnreadableModelError, match="no preset of that name") as error:
        find_source("fast_tin", tmp_path)
    assert "sigfix convert fast_tiny" in (error.value.hint or "")
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "model.json").touch()
    with pytest.raises(UsageError, match=r"already a TensorFlow\.js model"):
        find_source(str(tmp_path / "web"), tmp_path)
    kinds = {"m.keras": KERAS, "m.h5": KERAS, "m.pb": FROZEN, "frozen": FROZEN}
    for name, kind in kinds.items():
        (tmp_path / name).write_bytes(b"?")
        found = find_source(str(tmp_path / name), tmp_path)
        assert (found.kind, found.path) == (kind, tmp_path / name)
    model(tmp_path / "saved")
    found = find_source(str(tmp_path / "saved" / "saved_model.pb"), tmp_path)
    assert (found.kind, found.path) == (SAVED_MODEL, tmp_path / "saved")
