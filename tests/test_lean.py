"""TensorFlow without JAX, pandas and OpenCV: in sigfix's processes, and nowhere else."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

from sigfix.lean import OPTIONAL
from tests.environments import needs

_SEEN = "import sys; print(*sorted({name for name in %r if name in sys.modules}))" % (  # noqa: UP031
    tuple(OPTIONAL),
)


def _modules_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{_SEEN}"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split()) if done.stdout.strip() else set()


def test_tensorflow_leaves_them_out_and_they_are_there_later() -> None:
    needs("tensorflow")
    there = sorted(name for name in OPTIONAL if find_spec(name) is not None)
    if not there:
        pytest.skip("none of them is installed")
    lean = "from sigfix.lean import import_lean; import_lean()\nimport tensorflow as tf"
    assert _modules_after(lean) == set()
    later = "\n".join(f"import {name}" for name in there)
    assert _modules_after(f"{lean}\nassert tf.keras.layers.Dense\n{later}") == set(there)


def test_importing_sigfix_changes_nothing() -> None:
    code = "import sys; before = list(sys.meta_path); import sigfix; from sigfix import convert"
    assert _modules_after(f"{code}\nassert sys.meta_path == before") == set()
