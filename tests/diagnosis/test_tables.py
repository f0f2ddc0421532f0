"""The generated tables equal what their generators write, where the packages are present."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sigfix.describing import operators
from sigfix.describing.operator_kinds import (
    BATCH_NORM,
    CALLS,
    CONTROL_FLOW,
    FILLING,
    INSERTING,
    TABLES,
)
from sigfix.describing.targets import tflite_table
from sigfix.errors import SigfixError
from sigfix.rendering.rules_text import render_page
from tests.environments import needs
from tests.npm_packages import installed
from tests.tools import (
    keras_classes,
    operator_defaults,
    tensorflow_operators,
    tfjs_operators,
    tflite_operators,
)

ROOT = Path(__file__).parents[2]


def test_operator_kinds_are_operators() -> None:
    named = {*FILLING, *INSERTING, *BATCH_NORM, *TABLES, *CONTROL_FLOW, *CALLS}
    assert named <= set(operators.tensorflow_operators())


@pytest.fixture(scope="module")
def tensorflow() -> dict[str, Any]:
    """What the installed TensorFlow says, in a process of its own: its table, and some verdicts."""
    needs("tensorflow")
    code = (
        "import json, sys\n"
        "from tests.tools import operator_defaults, tensorflow_operators, tflite_operators\n"
        "table, defaults = tensorflow_operators.table(), operator_defaults.table()\n"
        "found = {name: tflite_operators.verdict(name, 8) for name in sys.argv[1:]}\n"
        "print(json.dumps({'table': table, 'defaults': defaults, 'verdicts': found}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *sample()],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if said["table"].splitlines()[0] != tensorflow_operators.TABLE.read_text().splitlines()[0]:
        pytest.skip("another version of TensorFlow is installed than the tabled one")
    return said


def sample() -> dict[str, str]:
    """A few operators of each verdict, from all over the table."""
    verdicts = tflite_table()
    found = {}
    for wanted in ("builtin", "select", "refused"):
        names = [name for name, verdict in verdicts.items() if verdict == wanted]
        found.update(dict.fromkeys(names[:: len(names) // 3], wanted))
    return found


@pytest.mark.slow
def test_tensorflow_table_is_current(tensorflow: dict[str, Any]) -> None:
    assert tensorflow["table"] == tensorflow_operators.TABLE.read_text()


@pytest.mark.slow
def test_keras_classes_are_current() -> None:
    """Of the tabled versions; another Keras has others."""
    needs("tensorflow", "keras", "tf_keras")
    program = "from tests.tools import keras_classes\nprint(keras_classes.table(), end='')"
    run = [sys.executable, "-c", program]
    found = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    written = keras_classes.TABLE.read_text()
    if found.splitlines()[0] != written.splitlines()[0]:
        pytest.skip("another version of Keras is installed than the tabled one")
    assert found == written


@pytest.mark.slow
def test_defaults_of_attributes_are_current(tensorflow: dict[str, Any]) -> None:
    assert tensorflow["defaults"] == operator_defaults.TABLE.read_text()


def test_tflite_table_is_current(tensorflow: dict[str, Any]) -> None:
    """Of the tabled version, with the same verdict on a sample; the whole takes ten minutes."""
    version = tensorflow["table"].partition("TensorFlow ")[2].partition(":")[0]
    first = tflite_operators.TABLE.read_text().splitlines()[0]
    assert first == f"# What the TFLite converter of TensorFlow {version} takes."
    assert tensorflow["verdicts"] == sample()


@pytest.mark.matrix
def test_whole_tflite_table_is_current() -> None:
    needs("tensorflow")
    assert tflite_operators.table() == tflite_operators.TABLE.read_text()


def test_tflite_table_knows_its_own_builtins() -> None:
    """No operator is refused whose name a builtin of TFLite's schema has."""
    needs("tensorflow")
    origin = importlib.util.find_spec("tensorflow").origin  # type: ignore[union-attr]
    assert origin is not None
    schema = Path(origin).parent / "lite" / "python" / "schema_py_generated.py"
    body = schema.read_text().partition("class BuiltinOperator")[2].partition("class ")[0]
    builtins = {name.replace("_", "").lower() for name in re.findall(r"^    (\w+) = ", body, re.M)}
    assert len(builtins) > 150
    lacking = [name for name, verdict in tflite_table().items() if verdict != "builtin"]
    alike = {name for name in lacking if re.sub(r"V\d$", "", name).lower() in builtins}
    # UniqueV2 has an axis, which UNIQUE lacks; QuantizeV2 takes its range as tensors.
    assert alike == {"UniqueV2", "QuantizeV2"}


def test_tfjs_operators_are_current() -> None:
    """The operators and categories of the table are those of the tensorflowjs package."""
    needs("tensorflowjs")
    lines = tfjs_operators.TABLE.read_text().splitlines()
    tabled = {line.split()[1]: line.split()[2] for line in lines if line.startswith("op ")}
    assert tabled == tfjs_operators.op_list()


def test_tfjs_kernels_are_current() -> None:
    """What each backend registers, asked of the backend itself in Node."""
    try:
        found = installed(tfjs_operators.PACKAGES)
    except (SigfixError, subprocess.SubprocessError) as error:
        pytest.skip(f"npm could not install the TensorFlow.js backends: {error}")
    packages = tfjs_operators.Packages(found)
    lines = tfjs_operators.TABLE.read_text().splitlines()
    assert packages.version() in lines[0]
    tabled = {line.split()[1]: line.split()[2:] for line in lines if line.startswith("backend ")}
    backends = packages.backends()
    assert sorted(backends) == ["cpu", "node", "wasm", "webgl", "webgpu"]
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
    assert {"tflite_operators.txt", "operator_defaults.txt"} <= names
