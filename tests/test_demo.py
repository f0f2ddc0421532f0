"""`make demo`: docTR reads the shipped words the same through PyTorch and TensorFlow.js."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WORDS = json.loads((ROOT / "examples" / "words" / "words.json").read_text("utf-8"))

pytestmark = pytest.mark.skipif(
    not all(find_spec(package) for package in ("doctr", "onnx_tf", "tensorflowjs")),
    reason="needs sigfix[all]",
)


def run_demo(directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "examples" / "demo.py", directory],
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    directory = tmp_path_factory.mktemp("demo")
    done = run_demo(directory)
    assert done.returncode == 0, done.stdout + done.stderr
    return directory, done.stdout


def rows(output: str) -> list[tuple[str, str, float, str, float, str]]:
    """Read the table: shown, PyTorch's text and confidence, TensorFlow.js' ones, the verdict."""
    row = re.compile(r"^  (\S+) +(\S+) +(\d\.\d{3}) +(\S+) +(\d\.\d{3})  (\S+)$", re.MULTILINE)
    return [(a, b, float(c), d, float(e), f) for a, b, c, d, e, f in row.findall(output)]


@pytest.mark.slow
def test_both_models_read_what_doctr_read_when_the_words_were_made(
    demo: tuple[Path, str],
) -> None:
    """words.json was written by docTR's own predictor, before sigfix existed."""
    expected = [(word["text"], word["doctr"], word["confidence"]) for word in WORDS]
    assert len(expected) == 20
    read = rows(demo[1])
    assert [(shown, text) for shown, text, *_ in read] == [(w, t) for w, t, _ in expected]
    assert [text for *_, text, _, _ in read] == [text for _, text, _ in expected]
    for (_, _, pytorch, _, tfjs, verdict), (_, _, confidence) in zip(read, expected, strict=True):
        assert pytorch == pytest.approx(confidence, abs=2e-3)
        assert tfjs == pytest.approx(confidence, abs=2e-3)
        assert verdict == "same"


@pytest.mark.slow
def test_every_stage_reports_its_parity(demo: tuple[Path, str]) -> None:
    directory, output = demo
    for stage in (
        "docTR (PyTorch) -> ONNX Runtime",
        "ONNX Runtime -> SavedModel",
        "SavedModel -> TensorFlow.js",
    ):
        for batch in (1, 4):
            assert f"same   {stage}, batch {batch}" in output
    assert (directory / "crnn_mobilenet_v3_small_tfjs" / "model.json").is_file()


@pytest.mark.slow
def test_a_worse_model_is_told_from_docTRs(demo: tuple[Path, str], tmp_path: Path) -> None:
    """The comparison can fail: random weights in TensorFlow.js do not read the words."""
    from examples.demo import comparison, read_words

    options = ["--tfjs", "--weights", "random", "--no-verify", "-o", "random"]
    done = subprocess.run(
        [sys.executable, "-m", "sigfix", "convert", "crnn_mobilenet_v3_small", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    readings = read_words(tmp_path / "random")
    assert not any(reading.same for reading in readings)
    assert "0 of 20 read the same" in comparison(readings)


def test_a_directory_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    done = run_demo(tmp_path)
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
