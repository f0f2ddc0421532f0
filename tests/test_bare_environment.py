"""inspect and explain work where nothing but the base requirements is installed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from sigfix.extras import install_command
from sigfix.presets import PRESETS
from tests.corpus import CORPUS, everything
from tests.diagnosis.broken_models import no_serving_default
from tests.environments import ROOT, listed, python_with, run_commands
from tests.models import with_variable

HEAVY = ("tensorflow", "torch", "onnx", "numpy", "h5py", "keras")


@pytest.fixture(scope="session")
def bare_python() -> Path:
    """A Python with the base requirements."""
    return python_with(listed("dependencies"))


def sigfix(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(python), "-m", "sigfix", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("package", HEAVY)
def test_nothing_heavy_is_there(bare_python: Path, package: str) -> None:
    done = subprocess.run([str(bare_python), "-c", f"import {package}"], capture_output=True)
    assert done.returncode != 0


@pytest.mark.slow
def test_inspect(bare_python: Path, tmp_path: Path) -> None:
    path = no_serving_default().write(tmp_path / "m")
    done = sigfix(bare_python, "inspect", str(path), "--format", "json")
    assert done.returncode == 1, done.stderr
    codes = [item["code"] for item in json.loads(done.stdout)["models"][0]["findings"]]
    assert codes == ["SIG002"]


@pytest.mark.slow
@pytest.mark.parametrize("target", ["tfjs-wasm", "tflite", "serving"])
def test_inspect_for_a_target(bare_python: Path, tmp_path: Path, target: str) -> None:
    path = no_serving_default().write(tmp_path / "m")
    assert sigfix(bare_python, "inspect", str(path), "--target", target).returncode == 1


@pytest.mark.slow
def test_explain(bare_python: Path) -> None:
    done = sigfix(bare_python, "explain", "SIG002")
    assert done.returncode == 0, done.stderr
    assert "no-serving-default" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--weights", "random", "--normalize", "preset")], ids=len)
def test_the_plan_of_every_preset(bare_python: Path, options: tuple[str, ...]) -> None:
    commands = [["repair", "--preset", name, "--dry-run", *options] for name in PRESETS]
    found = run_commands(commands, ROOT, python=str(bare_python))
    for name, (code, said, complaint) in zip(PRESETS, found, strict=True):
        assert (code, complaint) == (0, "")
        assert said.startswith(f"Plan: build {name} in {name}\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "extra"),
    [
        (("repair", "--preset", "parseq", "--vocab", "german", "--dry-run"), "doctr"),
        (("repair", "--preset", "parseq"), "doctr"),
        (("convert", "parseq", "--tfjs"), "tfjs"),
        (("convert", "MODEL", "--tfjs"), "tfjs"),
        (("verify", "MODEL", "MODEL"), "tf"),
        (("inspect", "MODEL", "--checksums"), "checksums"),
        (("inspect", "MODEL", "--graph", "MODEL.svg"), "pictures"),
        (("inspect", "gs://bucket/model"), "remote"),
        (("inspect", "hf://somebody/model"), "remote"),
    ],
)
def test_what_needs_more_says_what(
    bare_python: Path, command: tuple[str, ...], extra: str, tmp_path: Path
) -> None:
    path = with_variable(no_serving_default()).write(tmp_path / "m")
    done = sigfix(bare_python, *(part.replace("MODEL", str(path)) for part in command))
    assert done.returncode == 2, done.stdout
    assert f"pip install 'sigfix[{extra}]'" in done.stderr


@pytest.mark.slow
def test_the_adapter_of_onnx_tf_says_what_it_needs(bare_python: Path) -> None:
    code = (
        "from sigfix.errors import MissingExtraError\n"
        "from sigfix.importing.onnx_tf_adapter import prepare\n"
        "try:\n"
        "    prepare(None)\n"
        "except MissingExtraError as error:\n"
        "    print(error.hint)\n"
    )
    done = subprocess.run([str(bare_python), "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == (install_command("onnx-tf"), "")


@pytest.mark.slow
def test_every_foreign_model(bare_python: Path) -> None:
    names = everything()
    if not names:
        pytest.skip("the corpus of foreign models is not beside the repository")
    done = sigfix(bare_python, "inspect", *(str(CORPUS / name) for name in names), "-f", "json")
    assert "Traceback" not in done.stderr
    assert len(json.loads(done.stdout)["models"]) == len(names)
