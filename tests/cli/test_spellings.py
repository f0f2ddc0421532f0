"""Spellings that commands had: understood, with a note; and one meaning for each option."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from sigfix.cli.app import app
from sigfix.cli.main import COMMANDS, main, register
from sigfix.cli.spellings import understood
from tests.models import healthy


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("convert m --output web", "convert m -o web"),
        ("convert m --output=web/", "convert m -o web/"),
        ("convert m --output p=softmax:0", "convert m --output p=softmax:0"),
        ("convert crnn_vgg16_bn --normalize", "convert crnn_vgg16_bn --normalize preset"),
        ("convert --normalize crnn_vgg16_bn", "convert --normalize preset crnn_vgg16_bn"),
        ("convert m --normalize -o web", "convert m --normalize preset -o web"),
        ("convert m --normalize preset", "convert m --normalize preset"),
        ("convert m --normalize 0.5,0.25", "convert m --normalize 0.5,0.25"),
        ("convert m --normalize=0.5,0", "convert m --normalize 0.5,0"),
        ("convert m --normalize x:1/2/3,1", "convert m --normalize x:1/2/3,1"),
        ("repair --preset fast_tiny --output web", "repair --preset fast_tiny -o web"),
        ("repair m --output fixed/", "repair m -o fixed/"),
        ("repair m --output p=a/b:0", "repair m --output p=a/b:0"),
        ("repair m --output p", "repair m --output p"),
        ("repair m -- --output web", "repair m -- --output web"),
        ("inspect --output web", "inspect --output web"),
    ],
)
def test_old_spellings(given: str, meant: str) -> None:
    found, notes = understood(given.split())
    assert found == meant.split()
    assert bool(notes) == (given.replace("=0.5", " 0.5") != meant)


def test_a_note_says_what_was_understood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = healthy().write(tmp_path / "model")
    place = tmp_path / "there"
    place.mkdir()
    (place / "file").write_text("x")
    with pytest.raises(SystemExit):
        main(["convert", str(model), "--output", str(place)])
    said = capsys.readouterr().err
    assert f"note: --output {place} is taken for -o {place}" in said
    assert "there already exists" in said


def test_options_of_one_name_mean_one_thing() -> None:
    """By what they take, their other spellings and their part of the help."""
    register([])
    meanings: dict[str, set[tuple[object, ...]]] = {}
    for name in COMMANDS:
        command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
        for parameter in command.params:
            if name in ("convert", "repair"):
                for spelling in parameter.opts:
                    meaning = (parameter.is_flag if hasattr(parameter, "is_flag") else None,)
                    meanings.setdefault(spelling, set()).add((*meaning, *sorted(parameter.opts)))
    shared = {"-o", "--output-dir", "--output", "--normalize", "--input", "--rename", "--format"}
    assert shared <= set(meanings)
    assert {name for name, found in meanings.items() if len(found) > 1} == set()
