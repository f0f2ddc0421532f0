"""What stays in memory of a model that was loaded to be frozen: nothing but the frozen graph."""

from __future__ import annotations

import subprocess
import sys

from tests.exporting.models import floats, noise, save

FREEZE = """
import gc, sys
from pathlib import Path
from sigfix.lean import import_lean
if sys.argv[2] == "own":
    import_lean()
import tensorflow as tf
from tensorflow.python.framework import ops
before = set(ops.gradient_registry._registry)
from sigfix.exporting.freezing import freeze
frozen = freeze(Path(sys.argv[1]), "serving_default")
assert any(node.op == "Const" for node in frozen.graph.nodes.values())
gc.collect()
print(sum(type(item).__name__ == "FuncGraph" for item in gc.get_objects()))
print(len(set(ops.gradient_registry._registry) - before))
"""


def test_a_loaded_model_goes_though_it_has_gradients_of_its_own(tmp_path) -> None:
    import tensorflow as tf

    @tf.custom_gradient
    def halved(x):
        return x, lambda upstream: upstream / 2

    path = save(tmp_path / "model", lambda x: {"y": halved(x @ noise(4, 4))}, floats("x", None, 4))
    found = {}
    for whose in ("own", "a user's"):
        command = [sys.executable, "-c", FREEZE, str(path), whose]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[whose] = [int(line) for line in done.stdout.split()]
    assert found["own"] == [0, 0]
    assert min(found["a user's"]) > 0, "TensorFlow keeps nothing any more: this can go"
