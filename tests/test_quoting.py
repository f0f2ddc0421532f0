"""Paths and names as words of a shell command."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sigfix.diagnosis.rule import repair_command
from sigfix.quoting import join, quote_path, split

ODD = [
    "model",
    "my model",
    "-dash",
    "--tfjs",
    "it's",
    'a "b"',
    "a\nb",
    "$HOME",
    "a;b",
    "*",
    "~",
    "\u6a21\u578b",
]
PACKAGE = Path(__file__).parents[1] / "sigfix"


@pytest.mark.parametrize("name", ODD)
def test_a_shell_reads_the_path_that_was_meant(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    done = subprocess.run(
        ["bash", "-c", f"ls -d {quote_path(Path(name))}"], cwd=tmp_path, capture_output=True,
        check=True, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.stdout.decode().removesuffix("\n").removeprefix("./") == name


@pytest.mark.parametrize("name", ODD)
def test_a_printed_command_is_read_back(name: str) -> None:
    words = split(repair_command(Path(name), "--rename", f"{name}=x"))
    assert words[:2] == ["sigfix", "repair"]
    assert not words[2].startswith("-")
    assert [words[2].removeprefix("./"), *words[3:]] == [name, "--rename", f"{name}=x"]
    assert split(join(words)) == words


def test_paths_have_one_way_into_a_command() -> None:
    """`quote(str(path))` leaves a leading dash as it is."""
    found = [path for path in PACKAGE.rglob("*.py") if "quote(str(" in path.read_text("utf-8")]
    assert found == []
