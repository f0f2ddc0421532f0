"""Shell completion, by the protocol that the shells' scripts speak."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

import pytest


def complete(shell: str, line: str, **more: str) -> str:
    words = line.split(" ")
    asked = {
        "_SIGFIX_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    done = subprocess.run(
        [sys.executable, "-m", "sigfix"],
        env={**os.environ, **asked, **more},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("sigfix re", "repair"),
        ("sigfix ver", "verify"),
        ("sigfix repair --app", "--append"),
        ("sigfix convert --quan", "--quantize"),
        ("sigfix repair --preset crnn_v", "crnn_vgg16_bn"),
        ("sigfix inspect --format sa", "sarif"),
    ],
)
def test_commands_options_and_presets_are_offered(shell: str, line: str, offered: str) -> None:
    assert offered in complete(shell, line)


def test_installed_for_bash(tmp_path) -> None:
    # The shell is the one that runs the command; "exit" keeps bash from handing over to it.
    command = f"{shlex.quote(sys.executable)} -m sigfix --install-completion; exit $?"
    done = subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    script = (tmp_path / ".bash_completions" / "sigfix.sh").read_text()
    assert "_SIGFIX_COMPLETE=complete_bash" in script
