"""Many models in one call: paths from standard input, several processes, reports in files."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.running import run as run_sigfix
from tests.diagnosis.broken_models import no_serving_default, unknown_rank
from tests.models import healthy

run = partial(run_sigfix, "inspect")


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    healthy().write(tmp_path / "ok")
    no_serving_default().write(tmp_path / "unnamed")
    unknown_rank().write(tmp_path / "open")
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_paths_come_from_standard_input(
    models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("ok\n\nopen\nok\n"))
    assert run("-", "-f", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [item["path"] for item in found["models"]] == ["ok", "open"]
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert run("-") == 2
    assert "no path was named" in capsys.readouterr().err


def test_nothing_below_a_folder_is_said(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--recursive", "empty") == 2
    assert "none is below" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "junit"])
def test_several_processes_say_the_same(
    form: str, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = ["ok", "unnamed", "open", "empty"] * 9
    for number in range(36):
        (models / f"m{number}").symlink_to(models / paths[number])
    named = [f"m{number}" for number in range(36)]
    alone = (run(*named, "-f", form), capsys.readouterr().out)
    assert (run(*named, "-f", form, "--jobs", "2"), capsys.readouterr().out) == alone
    assert "SIG002" in alone[1]


def test_a_wrong_target_ends_it_in_every_process(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (models / "sigfix.toml").write_text('target = ["tfjss"]')
    assert run("ok", "open", "--jobs", "2") == 2
    assert "tfjss" in capsys.readouterr().err


@pytest.mark.parametrize(("fail_on", "failures"), [("error", 2), ("warning", 3), ("never", 1)])
def test_junit_fails_what_fails_the_run(
    fail_on: str, failures: int, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("ok", "unnamed", "open", "empty", "-f", "junit", "--fail-on", fail_on)
    suites = ElementTree.fromstring(capsys.readouterr().out)
    assert suites.get("failures") == str(failures)
    assert [suite.get("name") for suite in suites] == ["ok", "unnamed", "open", "empty"]
    cases = {case.get("name"): case for case in suites.iter("testcase")}
    assert len(cases) == 4
    assert not list(cases["no findings"])
    (told,) = cases["CON215 unreadable"]
    assert "empty directory" in str(told.get("message"))
    assert "fix: sigfix repair" in str(suites[1][0][0].text)


def test_a_report_goes_to_a_file(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("unnamed", "ok", "-f", "sarif") == 1
    printed = capsys.readouterr().out
    assert run("unnamed", "ok", "-f", "sarif", "--output-file", "found.sarif") == 1
    assert capsys.readouterr().out == ""
    assert (models / "found.sarif").read_text() == printed
    assert run("ok", "--output-file", "nowhere/found.txt") == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_sarif_finding_is_beside_a_file_and_keeps_its_fingerprint(
    models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def results(*paths: str) -> list[dict[str, object]]:
        run(*paths, "-f", "sarif")
        found = json.loads(capsys.readouterr().out)["runs"][0]["results"]
        assert isinstance(found, list)
        return found

    (first,) = results("unnamed", "ok")
    place = json.dumps(first["locations"])
    assert '"uri": "unnamed/saved_model.pb"' in place
    assert '"startLine": 1' in place
    again = results(str(models / "unnamed"), "open")[0]
    assert again["partialFingerprints"] == first["partialFingerprints"]
    others = [str(item["partialFingerprints"]) for item in results("unnamed", "open")]
    assert len(set(others)) == 2


PAGE = "https://docs.example.com/findings.html"


@pytest.mark.parametrize(
    ("settings", "words", "page"),
    [
        ("", [], ""),
        ("", ["--findings-page", PAGE], PAGE),
        (f'findings-page = "{PAGE}"', [], PAGE),
        ('findings-page = "https://other.example/f"', ["--findings-page", PAGE], PAGE),
    ],
)
def test_the_findings_page_of_sarif(
    settings: str, words: list[str], page: str, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (models / "sigfix.toml").write_text(settings)
    assert run("unnamed", "-f", "sarif", *words) == 1
    rules = json.loads(capsys.readouterr().out)["runs"][0]["tool"]["driver"]["rules"]
    found = {rule.get("helpUri", "").partition("#")[0] for rule in rules}
    assert found == {page}
    assert run("unnamed") == 1  # what the file says of SARIF is nothing to text


@pytest.mark.parametrize("page", ["docs/findings.html", "https://a b", "https://a/f#sig001", "", 3])
def test_a_findings_page_is_an_address(
    page: str | int, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("ok", "-f", "sarif", "--findings-page", str(page)) == 2
    assert "--findings-page" in capsys.readouterr().err
    (models / "sigfix.toml").write_text(f"findings-page = {json.dumps(page)}")
    assert run("ok") == 2
    assert "findings-page in" in capsys.readouterr().err


def test_only_sarif_has_the_address(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("ok", "-f", "junit", "--findings-page", PAGE) == 2
    assert "--findings-page is for SARIF" in capsys.readouterr().err


def test_two_targets_say_what_both_lack_once(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("open", "-f", "json", "-t", "tfjs", "-t", "tfjs-wasm", "-t", "tflite")
    findings = json.loads(capsys.readouterr().out)["models"][0]["findings"]
    said = [(item["code"], item["location"], item["message"]) for item in findings]
    assert len(said) == len(set(said))


def spent(*words: str) -> tuple[float, float]:
    """Seconds of CPU and the most MB of memory of `sigfix inspect` in a process of its own."""
    command = [sys.executable, "-m", "sigfix", "inspect", *words]
    done = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, used = os.wait4(done.pid, 0)
    done.returncode = 0
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


@pytest.mark.matrix
@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit"])
def test_many_models_cost_little_each(form: str, models: Path) -> None:
    """At most 5 ms of CPU each after the start, and of memory no more than a path takes."""
    kinds = ("ok", "unnamed", "open")
    for number in range(3000):
        shutil.copytree(kinds[number % 3], f"many/{number // 100}/{number}")
    alone, least = spent("ok", "-f", form)
    seconds, most = spent("--recursive", "many", "-f", form)
    assert (seconds - alone) / 3000 < 0.005
    assert (most - least) / 3000 < 0.002  # MB: 2 kB


@pytest.mark.matrix
def test_ten_thousand_models_are_found_as_they_are_one_by_one(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = ("ok", "unnamed", "open")
    for number in range(10_000):
        shutil.copytree(kinds[number % 3], f"many/{number // 100}/{number}")
    assert run("--recursive", "many", "-f", "json") == 1
    found = json.loads(capsys.readouterr().out)["models"]
    assert len(found) == 10_000
    alone = {}
    for kind in kinds:
        run(kind, "-f", "json")
        (model,) = json.loads(capsys.readouterr().out)["models"]
        alone[kind] = [(item["code"], item["message"]) for item in model["findings"]]
    assert alone["unnamed"] and not alone["ok"]
    for item in found:
        kind = kinds[int(Path(item["path"]).name) % 3]
        assert [(each["code"], each["message"]) for each in item["findings"]] == alone[kind]
