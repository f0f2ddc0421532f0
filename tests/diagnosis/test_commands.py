"""The commands that findings name are commands that `sigfix repair` takes and plans."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from sigfix.cli.main import main
from sigfix.pipeline.inspect import inspect
from tests.diagnosis.broken_models import broken_saved_models
from tests.models import Model

BLANKS = ("NAME", "SHAPE", "VALUE", "TENSOR")
"""Words in a command that only its reader can fill in."""


@pytest.mark.parametrize(
    ("code", "target", "model"),
    [
        pytest.param(code, target, model, id=f"{code}-{number}")
        for number, (code, target, model) in enumerate(broken_saved_models())
    ],
)
def test_command_is_planned(
    code: str,
    target: str,
    model: Model,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for finding in inspect(model.write(Path("m")), target=target).findings:
        if finding.code != code or not finding.command:
            continue
        if any(word in finding.command for word in BLANKS):
            continue
        program, *arguments = shlex.split(finding.command)
        assert program == "sigfix"
        with pytest.raises(SystemExit) as caught:
            main([*arguments, "--dry-run"])
        output = capsys.readouterr()
        assert caught.value.code in (0, None), output.out + output.err
        assert "Nothing" not in output.out.splitlines()[0]
