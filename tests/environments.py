"""Other environments than the tests' own: with other packages, with other settings."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def python_with(requirements: Sequence[str]) -> Path:
    """A Python with these packages and nothing else, made once for each set of them."""
    name = hashlib.sha256(repr((sys.version, list(requirements))).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"sigfix-bare-{name}"
    python = folder / "bin" / "python"
    if not (folder / "complete").is_file():
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", *requirements]
        subprocess.run(command, check=True, capture_output=True)
        (folder / "complete").touch()
    return python


def listed(key: str) -> list[str]:
    """A one-line list of strings in pyproject.toml (Python 3.10 has no TOML parser)."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    line = next(line for line in text.splitlines() if line.startswith(f"{key} = ["))
    found: list[str] = json.loads(line.partition("=")[2].partition("#")[0])
    return found


def needs(*packages: str) -> None:
    """Skip a test, saying why, where a package is not installed; none of them is imported."""
    absent = [name for name in packages if importlib.util.find_spec(name) is None]
    if absent:
        pytest.skip(f"not installed: {', '.join(absent)}")


_FORKING = """
import json, os, sys
from sigfix.cli import app
from sigfix.cli.main import main

place, commands = sys.argv[1], json.loads(sys.argv[2])
for number, command in enumerate(commands):
    if not (child := os.fork()):
        for stream, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(f"{place}/{number}.{name}", os.O_WRONLY | os.O_CREAT), stream)
        main(command)
    with open(f"{place}/{number}.code", "w", encoding="ascii") as file:
        file.write(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))
"""


def run_commands(
    commands: Sequence[Sequence[str]],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    before: Sequence[str] = (),
    python: str = sys.executable,
) -> list[tuple[int, str, str]]:
    """The exit status, output and messages of each `sigfix` command, run in `folder`.

    Each has a process of its own, forked from one that has imported the program.
    """
    with tempfile.TemporaryDirectory() as place:
        arguments = [place, json.dumps([list(command) for command in commands])]
        done = subprocess.run(
            [*before, python, "-c", _FORKING, *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stderr
        found = []
        for number in range(len(commands)):
            code, *texts = (
                Path(place, f"{number}.{name}").read_text("utf-8", "replace")
                for name in ("code", "out", "err")
            )
            found.append((int(code), *texts))
    return found
