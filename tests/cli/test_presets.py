"""`sigfix presets`, as a user runs it; nothing heavy is needed."""

from __future__ import annotations

import json

import pytest

from sigfix.cli.main import main
from sigfix.presets import PRESETS


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(["presets", *arguments])
    captured = capsys.readouterr()
    return int(stopped.value.code or 0), captured.out, captured.err


def test_lists_every_preset_within_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys)
    assert code == 0
    shown = [line.split()[0] for line in out.splitlines() if line.startswith("  ")]
    assert shown == list(PRESETS)
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("name", PRESETS)
def test_shows_one(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, name)
    assert code == 0
    assert out.startswith(f"{name}\n")
    assert max(map(len, out.splitlines())) <= 80


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert [p["name"] for p in json.loads(run(capsys, "--format", "json")[1])] == list(PRESETS)
    one = json.loads(run(capsys, "fast_tiny", "--format", "json")[1])
    assert one["boxes"] == {
        "binarise_at": 0.1, "unclip": 1.0, "least_score": 0.1, "opening": 3, "least_side": 0
    }  # fmt: skip
    assert (one["input"], one["layout"], one["special_classes"]) == ("input", "nhwc", [])
    master = json.loads(run(capsys, "master", "--format", "json")[1])
    assert master["special_classes"] == ["the end of a word", "its start", "padding"]


def test_an_unknown_name_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "fast_tinny")
    assert code == 2
    assert out == ""
    assert "no preset called 'fast_tinny'" in err
