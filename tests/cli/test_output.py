"""Standard output that is full, closed or of another encoding, and colours that nobody wants."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzzing.seeds import served

ROOT = Path(__file__).parents[2]
SIGFIX = f"{sys.executable} -m sigfix"
COMMANDS = [
    "inspect m", "inspect m --all", "inspect m -f json", "inspect m m -f sarif", "diff m other",
    "diff m other --format json", "repair m --from predict --dry-run",
    "repair m --from predict --dry-run --format json", "repair m --from predict --no-verify -o out",
    "repair m --from predict --no-verify -o out --format json", "explain", "explain SIG001",
    "presets", "presets --format json", "--help", "inspect --help", "--version",
]  # fmt: skip


@pytest.fixture
def models(tmp_path: Path) -> Path:
    served().write(tmp_path / "m")
    served().write(tmp_path / "other")
    return tmp_path


def run(command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["bash", "-c", command], cwd=cwd, capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("command", COMMANDS)
def test_an_output_that_is_full(command: str, models: Path) -> None:
    done = run(f"{SIGFIX} {command} > /dev/full", models)
    assert done.returncode == 2, done.stderr
    lines = done.stderr.decode().splitlines()
    said = [line for line in lines if line.startswith("error: ")]
    assert said == ["error: Standard output cannot be written: No space left on device."]
    assert "Traceback" not in done.stderr.decode()
    assert "Exception ignored" not in done.stderr.decode()


@pytest.mark.parametrize("command", COMMANDS)
def test_an_output_that_is_closed(command: str, models: Path) -> None:
    done = run(f"{SIGFIX} {command} >&-", models)
    assert done.returncode == 2
    assert done.stderr == b"error: Standard output cannot be written: it is closed.\n"
    assert not (models / "out").exists()


@pytest.mark.parametrize("redirected", ["2>&-", "2>/dev/full", "<&-"])
def test_messages_that_cannot_be_written(redirected: str, models: Path) -> None:
    """The exit code is right, and what is published is whole."""
    assert run(f"{SIGFIX} inspect nothing {redirected}", models).returncode == 2
    assert run(f"{SIGFIX} nonsense {redirected}", models).returncode == 2
    done = run(f"{SIGFIX} repair m --from predict --no-verify -o out {redirected}", models)
    assert done.returncode == 0
    assert b"Wrote out" in done.stdout
    assert (models / "out" / "saved_model.pb").stat().st_size > 0


def test_a_reader_that_has_seen_enough(models: Path) -> None:
    done = run(f"{SIGFIX} inspect m --all | head -1; echo ${{PIPESTATUS[0]}}", models)
    assert done.stdout.decode().splitlines()[0] == "m"
    assert done.stdout.decode().splitlines()[1] in ("1", "0")
    assert b"Traceback" not in done.stderr and b"Exception" not in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("name", ["\u00fcn\u00ef c\u00f4d\u00e9 \u6a21\u578b", "\U0001f600"])
def test_an_encoding_that_lacks_the_name(name: str, encoding: str, models: Path) -> None:
    (models / "m").rename(models / name)
    for command in ("inspect", "repair --from predict --dry-run", "diff other"):
        done = run(f"{SIGFIX} {command} '{name}'", models, PYTHONIOENCODING=encoding)
        assert done.returncode in (0, 1), done.stderr
        assert b"Traceback" not in done.stderr
    done = run(f"{SIGFIX} inspect '{name}' -f json", models, PYTHONIOENCODING=encoding)
    assert json.loads(done.stdout.decode(encoding))["models"][0]["path"] == name
    done = run(f"{SIGFIX} inspect '{name}.'", models, PYTHONIOENCODING=encoding)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def _on_terminal(command: str, cwd: Path, **environment: str) -> bytes:
    """What a command writes to a terminal, both streams together."""
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        ["bash", "-c", command], cwd=cwd, stdin=follower, stdout=follower, stderr=follower,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", **environment},
    )  # fmt: skip
    os.close(follower)
    written = b""
    while True:
        try:
            part = os.read(leader, 1 << 16)
        except OSError:
            break
        if not part:
            break
        written += part
    child.wait()
    os.close(leader)
    return written


PAINTED = ["inspect m", "diff m changed", "inspect nothing", "explain SIG001"]


@pytest.mark.parametrize("command", PAINTED)
def test_no_colours_where_nobody_wants_them(command: str, models: Path) -> None:
    served_twice = served()
    served_twice.signature("third", None, {"y": ("call:0", "float32", None)})
    served_twice.write(models / "changed")
    assert b"\x1b[3" in _on_terminal(f"{SIGFIX} {command}", models) or "explain" in command
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        shown = _on_terminal(f"{SIGFIX} {command}", models, **environment)
        assert b"\x1b[" not in shown, shown


IN_EVERY_COMMAND = [
    ("inspect m", True), ("inspect nothing", True), ("diff m changed", True),
    ("explain SIG001", True), ("presets nothing", True), ("convert m", True),
    ("verify m nothing", True), ("repair m --nope", True), ("repair --help", True),
    ("repair m --from predict --dry-run", False),  # has no colours
]  # fmt: skip


@pytest.mark.parametrize(("command", "painted"), IN_EVERY_COMMAND)
def test_colours_in_a_pipe(command: str, painted: bool, models: Path) -> None:
    """FORCE_COLOR wants them, on a dumb terminal too; NO_COLOR comes first; bold is one, too."""
    changed = served()
    changed.signature("third", None, {"y": ("call:0", "float32", None)})
    changed.write(models / "changed")
    for environment, wanted in (
        ({}, False),
        ({"FORCE_COLOR": "1"}, painted),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, painted),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "0"}, False),
    ):
        done = run(f"{SIGFIX} {command}", models, **{"TERM": "xterm", **environment})
        assert (b"\x1b[" in done.stdout + done.stderr) is wanted, environment


@pytest.mark.parametrize("command", ["--help", "repair m --nope", "presets"])
def test_no_bold_letters_where_no_colours_are_wanted(command: str, models: Path) -> None:
    shown = _on_terminal(f"{SIGFIX} {command}", models, NO_COLOR="1")
    assert shown
    assert b"\x1b[" not in shown


def test_every_command_asks_one_place_about_the_terminal() -> None:
    """`diff` and `verify` once built their own style, which knew nothing of NO_COLOR."""
    folder = ROOT / "sigfix" / "cli"
    for path in folder.glob("*.py"):
        if path.name != "terminal.py":
            assert "Style(" not in path.read_text("utf-8"), path.name


def test_a_deleted_current_directory(models: Path) -> None:
    gone = "mkdir gone && cd gone && rmdir ../gone"
    done = run(f"{gone} && {SIGFIX} repair {models}/m --from predict --no-verify", models)
    assert b"Traceback" not in done.stderr, done.stderr
    assert done.returncode in (0, 2)
