"""The commands of the examples' READMEs, run as they stand there, in an empty folder."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.test_readme import shell

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
NEEDS = {
    "hub_model_without_signature": "tensorflowjs",
    "onnx_to_tfjs": "doctr",
    "python_api": "tensorflowjs",
    "training": "doctr",
}
"""Example -> the package that the last of its extras brings."""
LONG = {"onnx_to_tfjs"}
READING = {"ocr_in_node", "ocr_in_the_browser", "ocr_module"}
"""Those of tests/test_ocr_examples.py, which build on one another."""
NOT_RUN = ("apt-get", "python examples/training/train_detector.py")
"""What installs, or takes hours."""


def commands(example: str) -> list[str]:
    """The lines of the README's shell blocks."""
    text = (EXAMPLES / example / "README.md").read_text("utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line]


def examples() -> list[str]:
    return sorted(path.parent.name for path in EXAMPLES.glob("*/README.md"))


def test_every_example_is_known() -> None:
    assert set(examples()) == set(NEEDS) | READING
    assert all(commands(name) for name in examples())


def run(example: str, folder: Path) -> None:
    if find_spec(NEEDS[example]) is None:
        pytest.skip(f"needs {NEEDS[example]}")
    (folder / "examples").symlink_to(EXAMPLES)
    for command in commands(example):
        if command.startswith(NOT_RUN):
            continue
        shell(command, folder)


@pytest.mark.slow
@pytest.mark.parametrize("example", ["hub_model_without_signature", "python_api"])
def test_the_commands_work(example: str, tmp_path: Path) -> None:
    run(example, tmp_path)


@pytest.mark.matrix
@pytest.mark.parametrize("example", sorted(LONG & set(examples())))
def test_the_long_commands_work(example: str, tmp_path: Path) -> None:
    run(example, tmp_path)
