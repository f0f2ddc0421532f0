"""TensorFlow without what it only looks for: in sigfix's processes, and nowhere else."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

from sigfix.lean import OF_KERAS, OPTIONAL
from tests.environments import needs

_SEEN = "import sys; print(*sorted({name for name in %r if name in sys.modules}))" % (  # noqa: UP031
    tuple(OPTIONAL | OF_KERAS),
)


def _modules_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{_SEEN}"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split()) if done.stdout.strip() else set()


def test_tensorflow_leaves_them_out_and_they_are_there_later() -> None:
    needs("tensorflow")
    there = sorted(name for name in OPTIONAL | OF_KERAS if _is_there(name))
    if not there:
        pytest.skip("none of them is installed")
    lean = "from sigfix.lean import import_lean; import_lean()\nimport tensorflow as tf"
    assert _modules_after(lean) == set()
    later = "\n".join(f"import {name}" for name in there)
    assert _modules_after(f"{lean}\nassert tf.keras.layers.Dense\n{later}") == set(there)


def test_importing_sigfix_changes_nothing() -> None:
    code = "import sys; before = list(sys.meta_path); import sigfix; from sigfix import convert"
    assert _modules_after(f"{code}\nassert sys.meta_path == before") == set()


@pytest.mark.parametrize("keras", ["keras", "tf_keras"])
def test_keras_has_what_it_uses_though_it_imports_tensorflow(keras: str) -> None:
    needs("tensorflow")
    needs(keras)
    lean = "from sigfix.lean import import_lean; import_lean()"
    models = f"{lean}\nimport {keras}\nmodel = {keras}.Sequential([{keras}.layers.Dense(1)])"
    saved = "model.build((None, 2)); import tempfile, os; place = tempfile.mkdtemp() + '/m.h5'"
    code = f"{models}\n{saved}\nmodel.save(place); assert os.path.getsize(place) > 1000"
    assert {"h5py", f"{keras}.src"} <= _modules_after(code)


def _is_there(name: str) -> bool:
    return find_spec(name.split(".")[0]) is not None and find_spec(name) is not None
