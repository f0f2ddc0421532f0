"""What README.md and docs/ tell a reader to type, typed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import run
from tests.doc_commands.rows import ROWS, NotRun, Ran
from tests.environments import ROOT, needs

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN = {line: row for line, row in ROWS.items() if isinstance(row, Ran)}
HEAVY = [line for line, row in RUN.items() if row.heavy]


def commands(text: str) -> list[str]:
    """The lines of a page's shell blocks, without comments."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [re.sub(r"\s+#.*", "", line) for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def documented() -> set[str]:
    return {line for page in PAGES for line in commands(page.read_text("utf-8"))}


def typed(line: str, folder: Path) -> int:
    """The exit code of the line in that folder, by a shell where it needs one."""
    words = shlex.split(line)
    if words[0] == "sigfix" and not set(line) & set("*|$"):
        return run(*words[1:])
    program = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(program), os.environ["PATH"]]),
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(["bash", "-c", line], cwd=folder, env=environment).returncode


def check(line: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = ROWS[line]
    assert isinstance(row, Ran)
    monkeypatch.chdir(folder)
    row.scene()
    assert typed(line, folder) == row.code


def test_every_command_has_a_row_and_every_row_a_command() -> None:
    assert documented() == set(ROWS)


def test_what_is_not_run_says_what_runs_it() -> None:
    for row in ROWS.values():
        if isinstance(row, NotRun):
            named = re.findall(r"tests/[\w/]+\.py|`make \w+`|until", row.why)
            assert named, row.why
            for name in named:
                assert not name.startswith("tests/") or (ROOT / name).exists(), name


@pytest.mark.parametrize("line", [line for line in RUN if line not in HEAVY])
def test_a_command_works(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(line, tmp_path, monkeypatch)


@pytest.mark.matrix
@pytest.mark.parametrize("line", HEAVY)
def test_a_command_that_runs_a_model_works(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs("tensorflow", "tensorflowjs", "onnx")
    check(line, tmp_path, monkeypatch)


def test_a_command_that_fails_is_not_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ROWS, "sigfix presets --no-such-option", RUN["sigfix presets"])
    with pytest.raises(AssertionError):
        check("sigfix presets --no-such-option", tmp_path, monkeypatch)
