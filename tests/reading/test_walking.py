"""Every model below a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sigfix.reading.walking import models_below
from tests.models import healthy


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for place in ("serving/1", "serving/2", "deep/a/b/c", ".hidden/m", "node_modules/m", "venv/m"):
        healthy().write(root / place)
    (root / "venv" / "pyvenv.cfg").write_text("")
    (root / "web").mkdir()
    (root / "web" / "model.json").write_text('{"format": "graph-model", "modelTopology": {}}')
    (root / "web" / "package.json").write_text('{"name": "page"}')
    for name in ("net.onnx", "net.KERAS", "net.h5", "net.weights.h5", "notes.txt", ".x.onnx"):
        (root / name).write_bytes(b"x")
    (root / "other.pb").write_bytes(b"\x00\x01")
    return root


def found(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in models_below(root)]


def test_models_of_every_kind_are_found_and_nothing_else(tree: Path) -> None:
    assert sorted(found(tree)) == sorted(
        ["net.onnx", "net.KERAS", "net.h5", "serving/1", "serving/2", "deep/a/b/c",
         "web/model.json"]
    )  # fmt: skip


def test_a_saved_model_itself_is_one(tree: Path) -> None:
    assert found(tree / "serving" / "1") == ["."]


def test_the_order_is_the_same_each_time(tree: Path) -> None:
    assert found(tree) == found(tree)
    order = [path for path in found(tree) if path.startswith("serving")]
    assert order == ["serving/1", "serving/2"]


def test_links_lead_nowhere_else_and_not_round(tree: Path, tmp_path: Path) -> None:
    before = found(tree)
    healthy().write(tmp_path / "outside" / "m")
    (tree / "away").symlink_to(tmp_path / "outside", target_is_directory=True)
    (tree / "round").symlink_to(tree, target_is_directory=True)
    (tmp_path / "secret.onnx").write_bytes(b"x")
    (tree / "away.onnx").symlink_to(tmp_path / "secret.onnx")
    assert found(tree) == before


def test_a_pipe_is_not_opened(tree: Path) -> None:
    before = found(tree)
    os.mkfifo(tree / "pipe.pb")
    os.mkfifo(tree / "pipe.json")
    assert found(tree) == before
