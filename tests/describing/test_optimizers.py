"""Models that were saved with the optimizer that trained them, loaded without Keras."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.environments import needs

CALL = """
def call(load):
    signatures = load().signatures
    fed = {"serving_default": {"x": tf.ones([2, 4])}, "trained": {}}
    return {key: {name: value.numpy().tolist() for name, value in signatures[key](**fed[key]).items()}
            for key in fed}
"""  # noqa: E501
SAVE = f"""
import json, sys
import numpy as np
import tensorflow as tf
import tf_keras as keras
keras.utils.set_random_seed(0)
model = keras.Sequential([keras.layers.Dense(3, input_shape=(4,))])
optimizer = keras.optimizers.legacy.Adam(0.1)
model.compile(optimizer, "mse")
model.fit(np.ones((8, 4), "f4"), np.ones((8, 3), "f4"), epochs=2, verbose=0)
whole = tf.Module()
whole.model, whole.optimizer = model, optimizer
kernel = model.layers[0].kernel

@tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
def serve(x):
    return {{"y": model(x)}}

@tf.function(input_signature=[])
def trained():
    slots = {{name: optimizer.get_slot(kernel, name) + 0.0 for name in ("m", "v")}}
    return {{"steps": tf.cast(optimizer.iterations, tf.float32), **slots}}

whole.serve, whole.trained = serve, trained
tf.saved_model.save(whole, sys.argv[1], signatures={{"serving_default": serve, "trained": trained}})

{CALL}
print(json.dumps(call(lambda: tf.saved_model.load(sys.argv[1]))))
"""
PLAIN = f"""
import json, sys
import tensorflow as tf
from tensorflow.python.saved_model.load import Loader
from sigfix.describing.libraries import with_libraries
usual = Loader._recreate_user_object
{CALL}
def load():
    return with_libraries(lambda: tf.saved_model.load(sys.argv[1]))
found = call(load)
try:
    with_libraries(lambda: tf.saved_model.load(sys.argv[1] + "_not_there"))
except OSError:
    pass
assert Loader._recreate_user_object is usual, "the loader of whoever comes later is another one"
print(json.dumps([found, "tf_keras" in sys.modules]))
"""


def _run(code: str, model: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, str(model)], capture_output=True, text=True, check=True
    )
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A model with an Adam that made two steps, and what its signatures say with Keras."""
    needs("tensorflow")
    needs("tf_keras")
    path = tmp_path_factory.mktemp("optimizers") / "model"
    return path, json.loads(_run(SAVE, path))


def test_an_optimizer_holds_what_it_held_and_keras_stays_away(trained: tuple[Path, Any]) -> None:
    path, usual = trained
    found, is_imported = json.loads(_run(PLAIN, path))
    assert found == usual
    assert not is_imported
    assert usual["trained"]["steps"] == 2.0
    assert all(value != 0.0 for name in "mv" for row in usual["trained"][name] for value in row)
