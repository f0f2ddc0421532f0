"""`sigfix inspect` as a whole process would run it: output, streams, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.corpus import CORPUS, everything, needs_corpus
from tests.diagnosis.broken_models import generic_names, no_serving_default, unknown_rank
from tests.models import healthy


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sigfix", "inspect", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", **environment},
        check=False,
    )


def test_healthy_model_exits_0(tmp_path: Path) -> None:
    done = run(healthy().write(tmp_path / "m"))
    assert done.returncode == 0, done.stderr
    assert "No findings." in done.stdout
    assert done.stderr == ""


def test_error_exits_1_and_names_the_command(tmp_path: Path) -> None:
    path = no_serving_default().write(tmp_path / "m")
    done = run(path)
    assert done.returncode == 1
    assert f"sigfix repair {path} --from predict" in done.stdout


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--fail-on", "warning"], 1),
        (["--fail-on", "note"], 1),
        ([], 0),
        (["--fail-on", "warning", "--ignore", "SPC101"], 0),
        (["--fail-on", "warning", "--ignore", "spc"], 0),
        (["--fail-on", "warning", "--select", "SIG"], 0),
        (["--fail-on", "warning", "--select", "SIG,SPC"], 1),
    ],
)
def test_fail_on_and_selection(options: list[str], code: int, tmp_path: Path) -> None:
    assert run(unknown_rank().write(tmp_path / "m"), *options).returncode == code


def test_fail_on_never(tmp_path: Path) -> None:
    assert run(no_serving_default().write(tmp_path / "m"), "--fail-on", "never").returncode == 0


def test_note_does_not_fail_by_default(tmp_path: Path) -> None:
    done = run(generic_names().write(tmp_path / "m"))
    assert done.returncode == 0
    assert "SPC104" in done.stdout


def test_unknown_code_is_a_usage_error(tmp_path: Path) -> None:
    done = run(healthy().write(tmp_path / "m"), "--ignore", "SIG999")
    assert done.returncode == 2
    assert "SIG999" in done.stderr
    assert done.stdout == ""


def test_unreadable_path_exits_2_on_stderr(tmp_path: Path) -> None:
    done = run(tmp_path / "nothing")
    assert done.returncode == 2
    assert "does not exist" in done.stderr
    assert "Traceback" not in done.stderr


def test_json(tmp_path: Path) -> None:
    path = no_serving_default().write(tmp_path / "m")
    done = run(path, "--format", "json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert document["schema_version"] == 1
    (model,) = document["models"]
    assert model["findings"][0]["code"] == "SIG002"
    signature = model["meta_graphs"][0]["signatures"]["predict"]
    assert signature["inputs"]["x"] == {
        "dtype": "float32", "shape": [None, 3], "encoding": "dense", "tensors": ["x:0"]
    }  # fmt: skip


@pytest.mark.parametrize("width", [80, 120])
def test_lines_fit_the_width(width: int, tmp_path: Path) -> None:
    path = no_serving_default().write(tmp_path / "m")
    done = run(path, COLUMNS=str(width))
    lines = [line for line in done.stdout.splitlines() if "fix: " not in line and "/" not in line]
    assert lines
    assert max(map(len, lines)) <= width


def test_no_colours_in_a_pipe(tmp_path: Path) -> None:
    assert "\x1b" not in run(no_serving_default().write(tmp_path / "m")).stdout


def test_control_characters_of_a_model_do_not_reach_the_terminal(tmp_path: Path) -> None:
    model = healthy()
    model.signature("evil\x1b[2J")
    done = run(model.write(tmp_path / "m"))
    assert "\x1b" not in done.stdout
    assert "evil\\x1b[2J" in done.stdout


@needs_corpus
@pytest.mark.parametrize("name", everything())
def test_no_traceback_on_any_foreign_model(name: str) -> None:
    done = run(CORPUS / name)
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1, 2)
    assert bool(done.stdout) != (done.returncode == 2)
