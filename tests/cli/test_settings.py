"""sigfix.toml and [tool.sigfix]: what they say, and what the command line says instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.cli.settings import find_settings, names
from sigfix.errors import UsageError
from tests.cli.running import run
from tests.diagnosis.broken_models import no_serving_default, unknown_rank
from tests.models import healthy


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    healthy().write(tmp_path / "models" / "ok")
    no_serving_default().write(tmp_path / "models" / "old" / "unnamed")
    unknown_rank().write(tmp_path / "models" / "open")
    return tmp_path


EVERY = ("inspect", "--recursive", "models")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 1),
        ('ignore = ["SIG002"]', 0),
        ('ignore = "SIG"\nfail-on = "warning"', 1),
        ('ignore = ["SIG", "SPC"]\nfail-on = "note"', 0),
        ('select = ["SPC"]', 0),
        ('exclude = ["models/old"]', 0),
        ('exclude = ["*/old/*"]', 0),
        ('exclude = ["old"]', 1),
        ('[per-path-ignores]\n"models/old/*" = ["SIG002"]', 0),
        ('[per-path-ignores]\n"models/open" = ["SIG002"]', 1),
        ('fail-on = "never"', 0),
    ],
)
def test_each_key(text: str, code: int, models: Path) -> None:
    (models / "sigfix.toml").write_text(text)
    assert run(*EVERY) == code


def test_pyproject_has_a_table(models: Path) -> None:
    (models / "pyproject.toml").write_text('[project]\nname = "x"\n')
    assert run(*EVERY) == 1
    (models / "pyproject.toml").write_text('[tool.sigfix]\nignore = ["SIG"]\n')
    assert run(*EVERY) == 0


def test_the_nearest_file_counts_alone(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (models / "sigfix.toml").write_text('ignore = ["SIG"]')
    monkeypatch.chdir(models / "models")
    assert run("inspect", "--recursive", ".") == 0
    (models / "models" / "sigfix.toml").write_text("")
    assert run("inspect", "--recursive", ".") == 1
    assert run("inspect", "--recursive", ".", "--config", str(models / "sigfix.toml")) == 0


def test_the_command_line_comes_first(models: Path) -> None:
    (models / "sigfix.toml").write_text('ignore = ["SIG"]\nfail-on = "warning"')
    assert run(*EVERY) == 1
    assert run(*EVERY, "--fail-on", "error") == 0
    assert run(*EVERY, "--fail-on", "error", "--ignore", "SPC") == 1


def test_targets_of_the_file_are_checked(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (models / "sigfix.toml").write_text('target = ["tflite", "serving"]')
    run("inspect", "models/open")
    with_targets = capsys.readouterr().out
    (models / "sigfix.toml").write_text("")
    run("inspect", "models/open")
    assert "TGT" not in capsys.readouterr().out
    assert "TGT" in with_targets or "SPC102" in with_targets


def test_a_path_that_was_named_is_inspected_though_it_is_excluded(models: Path) -> None:
    (models / "sigfix.toml").write_text('exclude = ["models/old"]')
    assert run("inspect", "models/old/unnamed") == 1
    assert run("inspect", "--recursive", "models/old") == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ignored = []", "'ignore' is known"),
        ("colour = 1", "these are: select"),
        ('ignore = ["SIG999"]', "SIG999"),
        ("ignore = [1]", "a list of texts"),
        ('fail-on = "hint"', "error, warning, note, never"),
        ('target = ["tfj"]', "tfj"),
        ("per-path-ignores = 3", "no table"),
        ("[[[", "no TOML file"),
        ("x = '\\xff", "no TOML file"),
    ],
)
def test_wrong_lines_are_refused(
    text: str, said: str, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (models / "sigfix.toml").write_text(text)
    assert run(*EVERY) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


def test_a_file_that_is_not_there(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*EVERY, "--config", "nothing.toml") == 2
    assert "nothing.toml cannot be read" in capsys.readouterr().err


def test_patterns_name_paths_and_what_is_below_them(tmp_path: Path) -> None:
    model = tmp_path / "a" / "b" / "c"
    for pattern in ("a", "a/", "a/b", "a/*", "*/c", "a/b/[bc]"):
        assert names(pattern, model, tmp_path), pattern
    for pattern in ("b", "c", "a/c", "", "d*"):
        assert not names(pattern, model, tmp_path), pattern
    assert not names("*", tmp_path.parent, tmp_path)


def test_a_table_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool]\nsigfix = 1\n")
    with pytest.raises(UsageError, match="no table"):
        find_settings(tmp_path)
