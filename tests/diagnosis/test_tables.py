"""The generated tables equal what their generators write, where the packages are present."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sigfix.describing.operator_kinds import unknown_names
from sigfix.rendering.rules_text import render_page
from tests.tools import tensorflow_operators, tfjs_operators

ROOT = Path(__file__).parents[2]


def test_operator_kinds_are_operators() -> None:
    assert unknown_names() == []


@pytest.mark.slow
def test_tensorflow_table_is_current(tmp_path: Path) -> None:
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed")
    output = tmp_path / "table.txt"
    script = ROOT / "tests" / "tools" / "tensorflow_operators.py"
    subprocess.run([sys.executable, str(script), str(output)], check=True, capture_output=True)
    text = tensorflow_operators.TABLE.read_text()
    if output.read_text().splitlines()[0] != text.splitlines()[0]:
        pytest.skip("another version of TensorFlow is installed than the tabled one")
    assert output.read_text() == text


def test_tfjs_operators_are_current() -> None:
    """The operators and categories of the table are those of the tensorflowjs package."""
    if importlib.util.find_spec("tensorflowjs") is None:
        pytest.skip("tensorflowjs is not installed")
    lines = tfjs_operators.TABLE.read_text().splitlines()
    tabled = {line.split()[1]: line.split()[2] for line in lines if line.startswith("op ")}
    assert tabled == tfjs_operators.op_list()


def node_modules() -> Path | None:
    """Where the npm packages are: SIGFIX_NODE_MODULES, or beside the demo's sources."""
    for text in (os.environ.get("SIGFIX_NODE_MODULES", ""), str(ROOT / "sigfix/web/node_modules")):
        if text and (Path(text) / "@tensorflow" / "tfjs-core").is_dir():
            return Path(text)
    return None


def test_tfjs_kernels_are_current() -> None:
    """What each installed backend registers, asked of the backend itself in Node."""
    found = node_modules()
    if found is None or shutil.which("node") is None:
        pytest.skip("Node or the @tensorflow npm packages are absent (SIGFIX_NODE_MODULES)")
    packages = tfjs_operators.Packages(found)
    lines = tfjs_operators.TABLE.read_text().splitlines()
    if packages.version() not in lines[0]:
        pytest.skip("another version of tfjs-core is installed than the tabled one")
    tabled = {line.split()[1]: line.split()[2:] for line in lines if line.startswith("backend ")}
    backends = packages.backends()
    assert backends
    for name, kernels in backends.items():
        assert tabled[name] == kernels, name
    needed = {line.split()[1]: line.split()[3:] for line in lines if line.startswith("op ")}
    executors = packages.executors()
    for name, kernels in needed.items():
        assert sorted(executors.get(name, ())) == kernels, name


def test_documentation_page_is_current() -> None:
    assert (ROOT / "docs" / "findings.md").read_text(encoding="utf-8") == render_page()


def test_package_ships_its_tables() -> None:
    """Files that are no Python modules are in the wheel's folder list by being in the package."""
    names = {path.name for path in (ROOT / "sigfix").rglob("*.txt")}
    assert {"messages.txt", "tensorflow_operators.txt", "tfjs_operators.txt"} <= names
