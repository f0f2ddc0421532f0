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
    outer = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")  # of the make that runs this test
    done = subprocess.run(
        ["make", "--dry-run", "test"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in outer},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    commands = [shlex.split(line) for line in done.stdout.splitlines() if "-m pytest " in line]
    run = [path for command in commands for path in command[command.index("not matrix") + 1 :]]
    found = [path for name in run for path in _modules(name)]
    assert sorted(found) == sorted((ROOT / "tests").rglob("test_*.py"))


def _modules(name: str) -> list[Path]:
    """The modules that pytest finds in a folder, or that a pattern of the shell names."""
    return list((ROOT / name).rglob("test_*.py")) or list(ROOT.glob(name))
