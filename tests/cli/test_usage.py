"""Slips that people make on the command line, and what they are told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sigfix.cli.main import main
from sigfix.errors import UsageError
from sigfix.planning.parsing import parse_pair
from sigfix.reading import read_any
from sigfix.rendering.inspections import FORMATS
from tests.models import healthy


def run(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


def test_a_model_in_the_place_of_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = healthy().write(tmp_path / "my model")
    assert run([str(model)]) == 2
    assert f"try: sigfix inspect '{model}'" in capsys.readouterr().err


def test_the_command_named_for_it_works(tmp_path: Path) -> None:
    assert run(["inspect", str(healthy().write(tmp_path / "my model"))]) == 0


@pytest.mark.parametrize("option", ["-o", "--output", "--output-dir"])
def test_convert_takes_the_directory_as_repair_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    model = healthy().write(tmp_path / "model")
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").write_text("x")
    assert run(["convert", str(model), "--tfjs", option, str(tmp_path / "there")]) == 2
    assert "there already exists" in capsys.readouterr().err


def test_a_directory_given_to_repair_as_an_output_of_the_signature() -> None:
    with pytest.raises(UsageError) as raised:
        parse_pair("--output", "fixed/")
    assert "-o DIRECTORY" in str(raised.value.hint)


def test_a_folder_is_not_taken_for_a_model_file(tmp_path: Path) -> None:
    from sigfix.errors import UnreadableModelError

    (tmp_path / ".keras").mkdir()
    with pytest.raises(UnreadableModelError) as raised:
        read_any(tmp_path)
    assert ".keras" not in str(raised.value.hint)


def test_a_target_that_could_not_be_checked_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.reading.test_other_formats import onnx_model

    file, model = tmp_path / "model.onnx", healthy().write(tmp_path / "model")
    file.write_bytes(onnx_model())
    run(["inspect", str(file), str(model), "--target", "tfjs"])
    notes = capsys.readouterr().err.splitlines()
    assert notes == [
        f"note: {file} was not checked against tfjs: sigfix convert {file} --tfjs   # says what "
        "cannot be converted"
    ]
    run(["inspect", str(file)])
    assert not capsys.readouterr().err


def test_another_format_than_those_of_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = healthy().write(tmp_path / "model")
    for name in FORMATS:
        assert run(["inspect", str(model), "--format", name]) == 0
    capsys.readouterr()
    assert run(["inspect", str(model), "--format", "xml"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "'xml' is not one of" in said
    assert all(name in said for name in FORMATS)


def test_a_path_that_begins_with_a_dash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    healthy().write(tmp_path / "-dash")
    assert run(["inspect", "-dash"]) == 2
    assert "try: ./-dash" in capsys.readouterr().err
    assert run(["inspect", "./-dash"]) == 0
    assert run(["inspect", "--", "-dash"]) == 0
    assert run(["inspect", "-nothing"]) == 2


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("SIG003", ["SIG003"]),
        ("several-none-default", ["SIG003"]),
        ("sig003 SPC101", ["SIG003", "SPC101"]),
        ("SIG003,missing-variables", ["SIG003", "CON204"]),
    ],
)
def test_findings_are_explained_by_code_and_name(
    words: str, codes: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", *words.split()]) == 0
    assert re.findall(r"^([A-Z]{3}\d{3}) ", capsys.readouterr().out, re.MULTILINE) == codes


def test_a_family_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "sig"]) == 0
    shown = capsys.readouterr().out
    assert "SIG001" in shown
    assert "SPC101" not in shown


@pytest.mark.parametrize("words", ["SIG999", "SIG003 nonsense", "the model is sad"])
def test_what_is_not_known_is_said(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", *words.split()]) == 2
    assert f"Neither a finding nor a known message: {words}" in capsys.readouterr().err


def test_findings_are_selected_by_name_too(tmp_path: Path) -> None:
    from tests.fuzzing.seeds import served

    model = str(served().write(tmp_path / "m"))
    assert run(["inspect", model, "--select", "several-none-default"]) == 1
    assert run(["inspect", model, "--ignore", "several-none-default"]) == 0
    assert run(["inspect", model, "--ignore", "several-none"]) == 2
