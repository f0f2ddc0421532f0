"""Virtual environments for tests that need other packages than the tests' own."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
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
