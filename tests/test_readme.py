"""What README.md says is true: its sessions, its commands and options, its links, its code.

`UPDATE_GOLDENS=1 pytest tests/test_readme.py` writes the sessions' outputs anew.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
TEXT = README.read_text("utf-8")

SESSION = re.compile(r"<!-- session: (\S+) -->\n```console\n(.*?)```", re.DOTALL)
SESSIONS: dict[str, str] = dict(SESSION.findall(TEXT))
NEEDS_ALL = pytest.mark.skipif(
    not all(find_spec(package) for package in ("doctr", "onnxslim", "tensorflowjs")),
    reason="needs sigfix[all]",
)


def shell(command: str, directory: Path) -> str:
    """Run what a reader would type, in an 80 column terminal; its standard output."""
    program = Path(sys.executable).parent
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    environment["PATH"] = os.pathsep.join([str(program), environment["PATH"]])
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def without_numbers(output: str) -> str:
    """Mask what may vary: measured differences, sizes and counts of operators."""
    output = re.sub(r"largest difference .*", "largest difference", output)
    output = re.sub(r"at most \S+ of the range off", "at most", output)
    output = re.sub(r"^  [\d,]+ operators: .*", "  operators", output, flags=re.MULTILINE)
    output = re.sub(r"[\d,]+ nodes of \d+ operators", "nodes", output)
    return re.sub(r"[\d.,]+ [kM]?B\b", "size", output)


def commands_of(session: str) -> list[str]:
    return [line[2:] for line in session.splitlines() if line.startswith("$ ")]


@NEEDS_ALL
@pytest.mark.slow
@pytest.mark.parametrize("name", SESSIONS)
def test_the_sessions_are_what_a_reader_sees(name: str, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    if name == "somebody-elses":
        shell(f"{sys.executable} examples/no_signature.py model", tmp_path)
    seen = "\n".join(
        f"$ {command}\n{shell(command, tmp_path)}" for command in commands_of(SESSIONS[name])
    )
    if os.environ.get("UPDATE_GOLDENS"):
        text = README.read_text("utf-8")
        shown = SESSION.search(text, text.index(f"<!-- session: {name} -->"))
        assert shown
        README.write_text(text[: shown.start(2)] + seen + text[shown.end(2) :], "utf-8")
        return
    assert without_numbers(SESSIONS[name]) == without_numbers(seen)


def test_every_console_block_is_a_session_that_is_run() -> None:
    assert len(SESSIONS) == TEXT.count("```console") == 2


def command_lines() -> list[list[str]]:
    """Every sigfix command line of the README, as its words."""
    blocks = re.findall(r"```(?:sh|console)\n(.*?)```", TEXT, re.DOTALL)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    return [
        shlex.split(line.partition(";")[0], comments=True)
        for line in lines
        if line.startswith("sigfix ")
    ]


def help_of(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "sigfix", *command, "--help"],
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_command_and_option_exists() -> None:
    lines = command_lines()
    assert len(lines) > 20
    helps = {command: help_of(command) for command in {words[1] for words in lines}}
    for words in lines:
        for option in (word for word in words[2:] if word.startswith("-")):
            assert re.search(rf"(?<![\w-]){re.escape(option)}\s", helps[words[1]]), words


def test_every_command_is_in_the_readme() -> None:
    listed = re.search(r"Commands ─.*?╰", help_of(), re.DOTALL)
    assert listed
    commands = re.findall(r"^│ (\w+)", listed.group(), re.MULTILINE)
    assert {"inspect", "explain", "repair", "convert"} <= set(commands)
    for command in commands:
        assert re.search(rf"^### {command}\b", TEXT, re.MULTILINE), command
    assert set(re.findall(r"^\| \[(\w+)\]\(#", TEXT, re.MULTILINE)) == set(commands)


def test_every_option_named_in_the_text_exists() -> None:
    everything = "".join(
        help_of(*c) for c in [(), *((c,) for c in ("inspect", "repair", "convert", "verify"))]
    )
    prose = re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL)
    for option in re.findall(r"`(?:sigfix )?(--[a-z-]+)", prose):
        assert option in everything, option


def test_every_link_leads_to_a_file() -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", TEXT)
    local = [target for target in targets if not target.startswith("https://")]
    assert len(local) >= 3
    for target in local:
        assert (ROOT / target).exists(), target


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = set(re.findall(r"(?:`|^)make (\w+)", TEXT, re.MULTILINE))
    assert {"demo", "test"} <= named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
        assert f"make {target} " in makefile or target == "help", f"make help lacks {target}"


def test_the_extras_are_those_of_the_package() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text("utf-8")
    block = pyproject.partition("[project.optional-dependencies]")[2].partition("\n[")[0]
    extras = set(re.findall(r"^([\w-]+) = ", block, re.MULTILINE)) - {
        "dev",
        "docs",
        "exporters",
        "release",
    }
    assert set(re.findall(r"^\| `([\w-]+)` \|", TEXT, re.MULTILINE)) == extras


def test_the_python_example_runs(tmp_path: Path) -> None:
    from tests.diagnosis.broken_models import no_serving_default

    code = re.search(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert code
    no_serving_default().write(tmp_path / "model")
    done = subprocess.run(
        [sys.executable, "-c", code.group(1)], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("['SIG002'")
