"""The commands that need no TensorFlow print the same whatever the machine is set to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.diagnosis.broken_models import no_serving_default
from tests.environments import ROOT, run_commands

COMMANDS = (
    ("inspect", "m"),
    ("inspect", "m", "--format", "json"),
    ("inspect", "m", "--target", "tfjs-wasm"),
    ("repair", "m", "--dry-run"),
    ("repair", "--preset", "parseq", "--dry-run"),
    ("explain", "SPC104"),  # where there is a picture, it is of what the output can show
    ("presets",),
)
SETTINGS: dict[str, dict[str, str | None]] = {
    "C locale": {"LC_ALL": "C"},
    "C locale, no UTF-8 mode": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "Turkish": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
    "Latin-1 output": {"PYTHONIOENCODING": "latin-1"},
    "no HOME": {"HOME": None},
    "HOME that is not there": {"HOME": "/nonexistent"},
    "TMPDIR that is not there": {"TMPDIR": "/nonexistent"},
    "time zone": {"TZ": "Asia/Kathmandu"},
    "dumb terminal": {"TERM": "dumb"},
    "no terminal": {"TERM": None},
    "hash seed": {"PYTHONHASHSEED": "7"},
    "no assertions": {"PYTHONOPTIMIZE": "2"},
    "warnings are errors": {"PYTHONWARNINGS": "error"},
    "encodings must be named": {"PYTHONWARNDEFAULTENCODING": "1",
                                "PYTHONWARNINGS": "error::EncodingWarning"},
    "oneDNN off": {"TF_ENABLE_ONEDNN_OPTS": "0"},
    "nothing": dict.fromkeys(os.environ),
}  # fmt: skip


Found = tuple[int, str, str]


def _environment(setting: dict[str, str | None]) -> dict[str, str]:
    environment = {key: value for key, value in os.environ.items() if key not in setting}
    environment |= {key: value for key, value in setting.items() if value is not None}
    return {**environment, "PYTHONPATH": str(ROOT)}


def _run(folder: Path, command: Sequence[str], setting: dict[str, str | None]) -> Found:
    done = subprocess.run(
        [sys.executable, "-m", "sigfix", *command],
        cwd=folder,
        env=_environment(setting),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("any")
    no_serving_default().write(place / "m")
    no_serving_default().write(place / "ünï 模型")
    return place


@pytest.fixture(scope="module")
def usual(folder: Path) -> list[Found]:
    return [_run(folder, command, {}) for command in COMMANDS]


@pytest.mark.slow
@pytest.mark.parametrize("setting", SETTINGS)
def test_the_same_output(setting: str, folder: Path, usual: list[Found]) -> None:
    assert run_commands(COMMANDS, folder, _environment(SETTINGS[setting])) == usual


@pytest.mark.slow
@pytest.mark.parametrize(
    "before",
    [
        ("taskset", "-c", "0"),
        ("setpriv", "--bounding-set=-all", "--inh-caps=-all"),  # root, but may not pass by modes
    ],
    ids=["one core", "no capabilities"],
)
def test_the_same_output_of_another_process(
    before: tuple[str, ...], folder: Path, usual: list[Found]
) -> None:
    if shutil.which(before[0]) is None or (before[0] == "setpriv" and os.geteuid() != 0):
        pytest.skip(f"needs {before[0]}, as root")
    assert run_commands(COMMANDS, folder, _environment({}), before) == usual


@pytest.mark.slow
@pytest.mark.parametrize(
    "setting",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
    ],
    ids=str,
)
def test_names_that_an_encoding_lacks_are_no_error(
    setting: dict[str, str | None], folder: Path
) -> None:
    for command, code in (
        (("inspect", "ünï 模型"), 1),
        (("repair", "ünï 模型", "--dry-run"), 0),
        (("inspect", "ünï 模型", "m"), 1),
        (("inspect", "ünï 模型", "-f", "github"), 1),
        (("inspect", "nicht da 模型"), 2),
    ):
        found, out, err = _run(folder, command, setting)
        assert "Traceback" not in err
        assert found == code, f"{command}: {out}{err}"
