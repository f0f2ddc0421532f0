"""Findings that are accepted for now, and the hooks that refuse the others."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import run as run_sigfix
from tests.diagnosis.broken_models import no_serving_default, unknown_rank
from tests.models import healthy

ROOT = Path(__file__).parents[2]
FILE = "sigfix-baseline.json"


run = partial(run_sigfix, "inspect")


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    no_serving_default().write(tmp_path / "models" / "unnamed")
    healthy().write(tmp_path / "models" / "ok")
    return tmp_path


def write(*words: str) -> int:
    return run("--recursive", "models", *words, "--baseline", FILE, "--write-baseline")


def test_what_is_known_passes_and_what_is_new_does_not(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--recursive", "models") == 1
    assert write() == 0
    assert run("--recursive", "models", "--baseline", FILE) == 0
    assert "1 in the baseline" in capsys.readouterr().out
    no_serving_default().write(models / "models" / "another")
    assert run("--recursive", "models", "--baseline", FILE) == 1


def test_more_of_the_same_kind_at_the_same_place_is_new(models: Path) -> None:
    write()
    document = json.loads(Path(FILE).read_text())
    assert document["findings"][0]["count"] == 1
    document["findings"][0]["count"] = 0
    Path(FILE).write_text(json.dumps(document))
    assert run("--recursive", "models", "--baseline", FILE) == 1


def test_an_unreadable_model_can_be_known(models: Path) -> None:
    (models / "models" / "ok" / "saved_model.pb").write_bytes(b"")
    assert run("--recursive", "models") == 2
    assert write() == 0
    assert run("--recursive", "models", "--baseline", FILE, "-f", "json") == 0


def test_entries_that_nothing_has_any_more_are_named(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write()
    healthy().write(models / "models" / "unnamed")
    assert run("--recursive", "models", "--baseline", FILE) == 0
    told = capsys.readouterr().err
    assert "1 entry is of faults that are no more" in told
    assert "models/unnamed SIG002" in told
    assert run("models/ok", "--baseline", FILE) == 0  # the other one was not looked at
    assert capsys.readouterr().err == ""


def test_entries_of_models_that_are_gone_are_named(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write()
    shutil.rmtree(models / "models" / "unnamed")
    document = json.loads(Path(FILE).read_text())
    document["findings"].append(
        {"path": "gs://bucket/m", "code": "SIG002", "location": "", "count": 1}
    )
    Path(FILE).write_text(json.dumps(document))
    capsys.readouterr()
    assert run("--recursive", "models", "--baseline", FILE) == 0
    told = capsys.readouterr().err
    assert "1 entry is of faults that are no more" in told
    assert "models/unnamed SIG002" in told
    assert write() == 0
    assert json.loads(Path(FILE).read_text())["findings"] == []


def test_a_baseline_is_of_its_own_folder(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write()
    monkeypatch.chdir(models / "models")
    assert run("--recursive", ".", "--baseline", f"../{FILE}") == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "There is no baseline"),
        ("{", "no baseline of sigfix"),
        ("[]", "no baseline of sigfix"),
        ('{"schema_version": 2, "findings": []}', "of version 2"),
        ('{"schema_version": 1, "findings": [{"path": 1}]}', "no baseline of sigfix"),
    ],
)
def test_files_that_are_none(
    text: str | None, said: str, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        Path(FILE).write_text(text)
    assert run("--recursive", "models", "--baseline", FILE) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "--write-baseline" in told


def test_write_baseline_needs_a_file(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("models/ok", "--write-baseline") == 2
    assert f"--baseline {FILE}" in capsys.readouterr().err


def hook() -> dict[str, str]:
    """The one hook of .pre-commit-hooks.yaml: a list of one flat mapping."""
    lines = (ROOT / ".pre-commit-hooks.yaml").read_text().splitlines()
    pairs = [line.lstrip("- ").split(": ", 1) for line in lines if not line.startswith("#")]
    return {key: value.strip("'") for key, value in pairs}


def git(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    return subprocess.run(["git", *identity, *words], capture_output=True, text=True, **more)


def test_a_commit_hook_stops_a_broken_model_and_a_new_fault(models: Path) -> None:
    bin_folder = models / "bin"
    bin_folder.mkdir()
    (bin_folder / "sigfix").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sigfix "$@"\n')
    (bin_folder / "sigfix").chmod(0o755)
    assert git("init", "-q").returncode == 0
    found = hook()
    script = models / ".git" / "hooks" / "pre-commit"
    script.parent.mkdir(exist_ok=True)
    # What pre-commit does of it: the staged files that match go to the entry.
    script.write_text(
        f"#!/bin/sh\ngit diff --cached --name-only --diff-filter=d | grep -E '{found['files']}' "
        f"| grep -vE '{found['exclude']}' | xargs -r {found['entry']} $SIGFIX_OPTIONS\n"
    )
    script.chmod(0o755)
    where = {"env": {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"}}
    assert git("add", "models/ok").returncode == 0
    assert git("commit", "-qm", "fine", **where).returncode == 0

    git("add", "models/unnamed")
    stopped = git("commit", "-qm", "broken", **where)
    assert stopped.returncode != 0
    assert "SIG002" in stopped.stdout + stopped.stderr

    assert run("models/unnamed/saved_model.pb", "--baseline", FILE, "--write-baseline") == 0
    where["env"]["SIGFIX_OPTIONS"] = f"--baseline {FILE}"
    assert git("commit", "-qm", "known", **where).returncode == 0

    unknown_rank().write(models / "models" / "ok")
    git("add", "models/ok")
    assert git("commit", "-qm", "a warning", **where).returncode == 0
    no_serving_default().write(models / "models" / "ok")
    git("add", "models/ok")
    assert git("commit", "-qm", "a new fault", **where).returncode != 0


def steps() -> list[tuple[str, str]]:
    """Name and script of each step of the action."""
    text = (ROOT / ".github" / "actions" / "inspect" / "action.yml").read_text()
    found = []
    for part in text.split("\n    - name: ")[1:]:
        name, _, rest = part.partition("\n")
        (block,) = re.findall(r"      run: (.*(?:\n {8}.*)*)", rest)
        found.append((name, block.removeprefix("|")))
    return found


def test_the_steps_of_the_action_stop_a_broken_model(models: Path) -> None:
    bin_folder = models / "bin"
    bin_folder.mkdir()
    (bin_folder / "sigfix").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sigfix "$@"\n')
    (bin_folder / "sigfix").chmod(0o755)
    given = {
        "PATHS": "models/ok\nmodels/unnamed", "OPTIONS": "", "SARIF": "found.sarif", "PAGE": "",
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
    }  # fmt: skip

    def step(name: str, **more: str) -> subprocess.CompletedProcess[str]:
        (script,) = [script for title, script in steps() if title == name]
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            env={**os.environ, **given, **more},
            capture_output=True,
            text=True,
        )

    assert [name for name, _ in steps()] == ["Install sigfix", "Write SARIF", "Inspect"]
    assert step("Write SARIF").returncode == 0
    assert "SIG002" in (models / "found.sarif").read_text()
    assert "helpUri" not in (models / "found.sarif").read_text()
    page = "https://forge.example/o/sigfix/blob/v1/docs/findings.md"
    assert step("Write SARIF", PAGE=page).returncode == 0
    assert f'"helpUri": "{page}#sig002-' in (models / "found.sarif").read_text()
    stopped = step("Inspect")
    assert stopped.returncode == 1
    assert stopped.stdout.startswith("::error file=models/unnamed")
    assert write() == 0
    assert step("Inspect", OPTIONS=f"--baseline {FILE}").returncode == 0
    assert step("Write SARIF", OPTIONS="--no-such-option", SARIF="none.sarif").returncode != 0


def test_the_gitlab_job_writes_a_report(models: Path) -> None:
    text = (ROOT / ".gitlab" / "sigfix.yml").read_text()
    (line,) = re.findall(r"- (sigfix inspect .*)", text)
    command = line.replace("sigfix", f'"{sys.executable}" -m sigfix', 1)
    done = subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, "SIGFIX_PATHS": "models", "SIGFIX_OPTIONS": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    assert 'failures="1"' in (models / "sigfix.xml").read_text()
