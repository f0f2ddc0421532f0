"""What `inspect` leaves out, says that it left out, and exits with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from sigfix.cli.main import main
from sigfix.errors import UsageError
from sigfix.pipeline.inspect import inspect
from tests.fuzzing.seeds import served
from tests.models import healthy

SCHEMAS = Path(main.__code__.co_filename).parents[1] / "rendering" / "schemas"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    healthy().write(tmp_path / "ok")
    served().write(tmp_path / "m")
    served().write(tmp_path / "many" / "1")
    served().write(tmp_path / "many" / "2")
    (tmp_path / "empty").mkdir()
    return tmp_path


def run(command: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(command.split())
    return int(ended.value.code or 0)


EXIT_CODES = [
    ("inspect ok", 0),
    ("inspect m", 1),
    ("inspect m --fail-on never", 0),
    ("inspect m --ignore SIG003,SPC", 0),
    ("inspect m --ignore SIG --fail-on warning", 1),
    ("inspect m --select BEH", 0),
    ("inspect empty", 2),
    ("inspect nothing", 2),
    ("inspect ok empty", 2),
    ("inspect ok many", 2),
    ("inspect ok empty --ignore CON215", 0),
    ("inspect ok many --ignore CON216", 0),
    ("inspect ok empty many --ignore CON", 0),
    ("inspect ok empty many --ignore CON215", 2),
    ("inspect ok empty --fail-on never", 0),
    ("inspect ok empty --select SIG", 2),
    # What was never looked at is not right, whatever is left out.
    ("inspect empty --ignore CON", 2),
    ("inspect empty many --ignore CON", 2),
    ("inspect empty --fail-on never", 2),
    ("inspect empty many --fail-on never", 2),
    ("inspect m --select SIG --ignore SIG003,SIG", 2),
    ("inspect m --ignore SIG999", 2),
]


@pytest.mark.parametrize(("command", "code"), EXIT_CODES)
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_exit_code(command: str, code: int, form: str, models: Path) -> None:
    assert run(f"{command} --format {form}") == code


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("inspect m --ignore SIG,SPC", "No findings; 3 ignored."),
        ("inspect m --select BEH", "No findings; 3 not selected."),
        ("inspect m --ignore SIG", "no errors, 2 warnings, no notes; 1 ignored"),
        ("inspect m --select SPC", "no errors, 2 warnings, no notes; 1 not selected"),
        ("inspect ok --ignore SIG", "No findings."),
        ("inspect ok empty m --ignore CON,SIG", "no errors, 2 warnings, no notes; 2 ignored"),
        ("inspect ok empty", "1 error, no warnings, no notes; 1 unreadable"),
    ],
)
def test_what_was_left_out_is_said(
    command: str, said: str, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(command)
    assert said in capsys.readouterr().out


def test_an_only_path_cannot_be_ignored(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("inspect empty --ignore CON")
    assert "--ignore CON215 leaves out one of several paths" in capsys.readouterr().err
    run("inspect empty many --ignore CON")
    assert "Nothing was inspected" in capsys.readouterr().err


def test_numbers_in_json(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("inspect ok empty m -f json")
    summary = json.loads(capsys.readouterr().out)["summary"]
    assert summary == {
        "errors": 2, "warnings": 2, "notes": 0, "unreadable": 1, "ignored": 0, "unselected": 0,
        "baselined": 0,
    }  # fmt: skip
    run("inspect ok empty m -f json --ignore CON,SIG")
    found = json.loads(capsys.readouterr().out)
    assert found["summary"]["errors"] == 0
    assert found["summary"]["ignored"] == 2
    assert [item["failure"]["ignored"] for item in found["models"] if "failure" in item] == [True]


def test_ignored_paths_are_no_results_of_other_formats(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for form in ("sarif", "github"):
        run(f"inspect ok empty -f {form}")
        assert "is an empty directory" in capsys.readouterr().out
        run(f"inspect ok empty -f {form} --ignore CON215")
        assert "is an empty directory" not in capsys.readouterr().out


def test_the_function_checks_its_arguments(models: Path) -> None:
    for arguments in ({"target": "tfsj"}, {"selected": ("SIG9",)}, {"ignored": "NIX"}):
        with pytest.raises(UsageError):
            inspect("m", **arguments)  # type: ignore[arg-type]
    assert inspect("m", selected="SPC,SIG003").ignored == 0  # type: ignore[arg-type]


AS_NOBODY = """
import contextlib, io, os, sys
from sigfix.cli.main import main
def run(arguments):
    try:
        main(arguments)
    except SystemExit as ended:
        return ended.code
with contextlib.redirect_stdout(io.StringIO()):  # to import what the user below cannot
    run(["inspect", "ok", "nothing", "m"])
os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root")
@pytest.mark.parametrize("closed", ["m", "m/saved_model.pb", "m/variables/variables.index"])
def test_without_permission(closed: str, models: Path) -> None:
    for folder in (models, *models.parents):
        if not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    (models / closed).chmod(0)
    script = models / "as_nobody.py"
    script.write_text(AS_NOBODY)
    for arguments, code in ((["m"], 2), (["ok", "m"], 2), (["ok"], 0)):
        done = subprocess.run(
            [sys.executable, str(script), "inspect", *arguments], cwd=models, capture_output=True,
            text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        if code:
            assert "Permission denied" in " ".join((done.stdout + done.stderr).split())
            assert ("ok " in done.stdout) is (len(arguments) > 1)


def test_names_in_the_table_can_be_pasted(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deep = Path("a folder") / ("x" * 60)
    healthy().write(deep / "one")
    healthy().write(deep / "two")
    run(f"inspect ok many/1 {models}/m")
    shown = capsys.readouterr().out
    assert all(f"\n{name}  " in shown for name in ("ok", "many/1"))
    with pytest.raises(SystemExit):
        main(["inspect", str(deep / "one"), str(deep / "two")])
    lines = capsys.readouterr().out.splitlines()
    assert str(deep / "one") in lines
    assert str(deep / "two") in lines


@pytest.mark.parametrize(
    "command",
    [
        "repair nothing --format json --dry-run",
        "repair m --format=json --no-verify --run",
        "repair m --from nope --dry-run --format json",
        "diff m nothing --format json",
        "verify m nothing --format json",
        "inspect m -f json --ignore SIG999",
        "presets nothing --format json",
    ],
)
def test_an_error_is_a_document_too(
    command: str, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(command)
    told = capsys.readouterr()
    document = json.loads(told.out)
    if "error" not in document:  # a plan that is blocked
        assert document["plan"]["verdict"] == "blocked"
        return
    jsonschema.validate(document, json.loads((SCHEMAS / "error.json").read_text()))
    assert document["error"]["exit_code"] == code
    assert f"error: {document['error']['message'].splitlines()[0]}" in told.err
    run(command.replace("--format json", "").replace("--format=json", "").replace("-f json", ""))
    assert not capsys.readouterr().out.startswith("{")
