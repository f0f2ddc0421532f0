"""docTR's pretrained weights on a machine without a network."""

from __future__ import annotations

import shlex
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from sigfix.cli.main import main, with_weights

PACKAGES = ("doctr", "torch", "onnx", "onnxslim", "onnxruntime", "tensorflow", "tensorflowjs")
NAME = "crnn_mobilenet_v3_small"
DETECTOR = "db_mobilenet_v3_large"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["convert", "x", "--tfjs"], "sigfix convert x --tfjs --weights w.pt"),
        (["repair", "--weights", "pretrained", "-q"], "sigfix repair -q --weights w.pt"),
        (["repair", "--weights=pretrained", "-q"], "sigfix repair -q --weights w.pt"),
        (["repair", "-o", "my model"], "sigfix repair -o 'my model' --weights w.pt"),
    ],
)
def test_the_command_as_it_was_typed(typed: list[str], expected: str) -> None:
    assert with_weights(typed, "w.pt") == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "option"),
    [
        (["convert", NAME, "--tfjs", "-o", "my web"], "--weights"),
        (
            ["repair", "--preset", NAME, "--weights", "pretrained", "--normalize", "preset"],
            "--weights",
        ),
        (["bundle", "--det", DETECTOR, "--reco", NAME, "-o", "site"], "--det-weights"),
        (
            ["bundle", "--reco", NAME, "--det", DETECTOR, "--det-weights=pretrained", "-o", "x"],
            "--det-weights",
        ),
    ],
)
def test_the_message_names_the_address_the_file_and_the_same_command(
    typed: list[str],
    option: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    capfd: pytest.CaptureFixture[str],
) -> None:
    if absent := [package for package in PACKAGES if find_spec(package) is None]:
        pytest.skip(f"needs {', '.join(absent)}")
    if typed[0] == "bundle":
        request.getfixturevalue("node_packages")

    def unreachable(*_: Any, **__: Any) -> None:
        raise urllib.error.URLError("Temporary failure in name resolution")

    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
    monkeypatch.setenv("DOCTR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(typed)
    assert stopped.value.code == 2
    told = capfd.readouterr().err
    assert "Temporary failure in name resolution" in told
    command = next(line for line in told.splitlines() if " try: " in line)
    address, _, command = command.partition(", and: ")
    address = address.split()[2]
    assert address.startswith("https://")
    assert told.count(address) == 2
    words = shlex.split(command)
    assert words[-2] == option
    assert words[-1].startswith(DETECTOR if option == "--det-weights" else NAME)
    assert words[-1] in address
    asked = (option, "pretrained", f"{option}=pretrained")
    kept = [word for word in typed if word not in asked]
    assert words[:-2] == ["sigfix", *kept]
    assert list(tmp_path.iterdir()) == []
