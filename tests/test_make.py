"""`make test` runs every test that is not marked `matrix`, wherever it lies."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.environments import ROOT


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_every_module_of_tests_is_run_once() -> None:
    lines = would_run("test", ROOT).splitlines()
    commands = [shlex.split(line) for line in lines if "-m pytest " in line]
    run = [path for command in commands for path in command[command.index("not matrix") + 1 :]]
    found = [path for name in run for path in _modules(name)]
    assert sorted(found) == sorted((ROOT / "tests").rglob("test_*.py"))


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("whole", [False, True])
def test_the_demo_installs_what_it_needs_and_uses_what_is_there(
    whole: bool, tmp_path: Path
) -> None:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".venv").mkdir()
    if whole:
        (tmp_path / ".venv" / "installed").touch()
    commands = would_run("demo", tmp_path)
    assert ("'.[tfjs,doctr,verify]'" in commands) is not whole
    assert ",dev" not in commands
    assert "examples/demo.py demo" in commands


def would_run(target: str, folder: Path) -> str:
    """The commands that make would run for a target in a folder, a line each."""
    outer = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")  # of the make that runs this test
    done = subprocess.run(
        ["make", "--dry-run", target],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name not in outer},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _modules(name: str) -> list[Path]:
    """The modules that pytest finds in a folder, or that a pattern of the shell names."""
    return list((ROOT / name).rglob("test_*.py")) or list(ROOT.glob(name))
