"""Packages whose operators a model needs: imported where they are, named where they are not."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from sigfix.describing.libraries import how_to_load, library_of
from sigfix.pipeline.inspect import inspect
from sigfix.pipeline.repair import repair
from tests.corpus import CORPUS, needs_corpus
from tests.diagnosis.broken_models.behaviour import distribution
from tests.diagnosis.broken_models.case import operator
from tests.environments import needs

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("SimpleMLCreateModelResource", "tensorflow-decision-forests"),
        ("SentencepieceOp", "tensorflow-text"),
        ("Addons>Correlation", "tensorflow-addons"),
        ("ZeroOut", ""),
    ],
)
def test_whose_an_operator_is(name: str, package: str, tmp_path: Path) -> None:
    library = library_of(name)
    assert (library.package if library else "") == package
    hint = how_to_load(f"Op type not registered '{name}' in binary running on here.")
    assert hint.startswith(f"pip install {package}, ") if package else not hint
    (found,) = [
        item
        for item in inspect(operator(name)().write(tmp_path / "m")).findings
        if item.code == "BEH304"
    ]
    assert found.evidence == (f"{name}: 1x" + (f", of {package}" if package else ""),)


TYPE = "tfp.distributions.Normal_ACTTypeSpec"
UNREGISTERED = (
    f"ValueError: The type '{TYPE}' has not been registered.  It must be registered before you "
    "load this object (typically by importing its module)."
)


def test_whose_a_type_is(tmp_path: Path) -> None:
    package = "tensorflow-probability"
    assert how_to_load(UNREGISTERED).startswith(f"pip install {package}, ")
    assert library_of("tensorflow_probability.python.distributions.x.Y_ACTTypeSpec").package == (
        package
    )
    findings = inspect(distribution(TYPE)().write(tmp_path / "m")).findings
    (found,) = (item for item in findings if item.code == "BEH304")
    assert found.message == f"types that TensorFlow does not have: {TYPE}"
    assert found.evidence == (f"{TYPE}: in __call__, of {package}",)


@pytest.mark.matrix
def test_a_model_that_returns_a_distribution_is_repaired(tmp_path: Path) -> None:
    """Saved with TensorFlow Probability, and repaired by a process that has not imported it."""
    needs("tensorflow", "tensorflow_probability")
    code = (
        "import sys, tensorflow as tf, tensorflow_probability as tfp\n"
        "class Module(tf.Module):\n"
        "    @tf.function\n"
        "    def __call__(self, x):\n        return tfp.distributions.Normal(x * 2.0, 1.0)\n"
        "module = Module()\n"
        "module.__call__.get_concrete_function(tf.TensorSpec([None, 3], tf.float32))\n"
        "tf.saved_model.save(module, sys.argv[1])\n"
    )
    save = [sys.executable, "-c", code, str(tmp_path / "m")]
    subprocess.run(save, cwd=ROOT, capture_output=True, timeout=300, check=True)
    (parity,) = repair(tmp_path / "m", tmp_path / "out").parity
    assert parity.verdict == "same"
    assert parity.through == "tf.saved_model.load and the v1 loader"


@needs_corpus
@pytest.mark.slow
def test_an_installed_package_is_imported(tmp_path: Path) -> None:
    needs("tensorflow")
    if find_spec("tensorflow_decision_forests") is None:
        pytest.skip("tensorflow-decision-forests is not installed")
    code = (
        "import sys, tensorflow as tf\n"
        "from sigfix.describing.libraries import with_libraries\n"
        "load = lambda: tf.saved_model.load(sys.argv[1])\n"
        "try:\n    load()\nexcept Exception as error:\n    assert 'SimpleML' in str(error), error\n"
        "else:\n    raise SystemExit('it loads without')\n"
        "print(list(with_libraries(load).signatures))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(CORPUS / "ydf_adult_gbdt")],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.stdout.strip().endswith("['serving_default']"), done.stderr[-2000:]
