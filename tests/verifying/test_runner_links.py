"""The runner that loads a TF.js model reads only plain files of the model's own folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

RUNNER = Path(__file__).parents[2] / "sigfix" / "web" / "runner.mjs"
NODE = shutil.which("node")
_CALL = """
const { readFileSync } = await import('node:fs');
let text = readFileSync(process.argv[1], 'utf8');
text = text.slice(0, text.indexOf('/** Read model.json'))
  + '\\nexport { readInside };\\n';
const { readInside } = await import('data:text/javascript,' + encodeURIComponent(text));
try {
  console.log('read ' + readInside(process.argv[2], process.argv[3]).toString());
} catch (error) { console.log('refused ' + error.message); }
"""


def _call(folder: Path, name: str) -> str:
    assert NODE is not None
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", _CALL, str(RUNNER), str(folder), name],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    return done.stdout.strip() or done.stderr


def _subfolder(model: Path) -> str:
    (model / "sub").symlink_to("../outside")
    return "sub/secret"


def _linked(model: Path) -> str:
    (model / "w.bin").symlink_to("../outside/secret")
    return "w.bin"


def _pipe(model: Path) -> str:
    os.mkfifo(model / "w.bin")
    return "w.bin"


WAYS: dict[str, Callable[[Path], str]] = {
    "link": _linked,
    "link of a folder": _subfolder,
    "pipe": _pipe,
    "above": lambda model: "../outside/secret",
    "absolute": lambda model: str(model.parent / "outside" / "secret"),
    "folder": lambda model: ".",
}


@pytest.mark.skipif(NODE is None, reason="node is not installed")
@pytest.mark.parametrize("way", WAYS)
def test_what_is_not_a_file_of_the_model_is_refused(way: str, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("kept-apart")
    model = tmp_path / "model"
    model.mkdir()
    said = _call(model, WAYS[way](model))
    assert said.startswith("refused"), said
    assert "kept-apart" not in said


@pytest.mark.skipif(NODE is None, reason="node is not installed")
@pytest.mark.parametrize("name", ["w.bin", "..w.bin", "sub/w.bin"])
def test_its_own_files_are_read_also_through_a_link(name: str, tmp_path: Path) -> None:
    model = tmp_path / "model"
    (model / "sub").mkdir(parents=True)
    (model / name).write_text("weights")
    (model / "inner").symlink_to(name)
    (tmp_path / "link").symlink_to(model)
    assert _call(model, name) == "read weights"
    assert _call(model, "inner") == "read weights"
    assert _call(tmp_path / "link", name) == "read weights"
