"""Run the command, and run signatures with TensorFlow's own loaders, without sigfix."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path


def run_v2(path, inputs, key="serving_default", tags=None):
    """Through `tf.saved_model.load(...).signatures[key]`."""
    import tensorflow as tf

    model = tf.saved_model.load(str(path), tags=tags)
    function = model.signatures[key]
    specs = function.structured_input_signature[1]
    given = {
        key: part
        for name, value in inputs.items()
        for key, part in (
            ((f"{name}_{field}", item) for field, item in value._asdict().items())
            if hasattr(value, "dense_shape")
            else ((name, value),)
        )
    }
    fed = {name: tf.constant(value, specs[name].dtype) for name, value in given.items()}
    found = function(**fed).items()
    return {name: value.numpy() if hasattr(value, "numpy") else value for name, value in found}


def run_v1(path, inputs, key="serving_default", tags=("serve",)):
    """Through `tf.compat.v1.saved_model.loader`, by the SignatureDef's tensor names."""
    import tensorflow as tf

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        loaded = tf.compat.v1.saved_model.loader.load(session, list(tags), str(path))
        signature = loaded.signature_def[key]
        tensor = tf.compat.v1.saved_model.utils.get_tensor_from_tensor_info
        fed = {tensor(signature.inputs[name]): value for name, value in inputs.items()}
        fetched = {name: tensor(info) for name, info in signature.outputs.items()}
        return session.run(fetched, fed)


def run_both(path, inputs, key="serving_default", tags=("serve",)):
    """Through both loaders, which must agree; the results."""
    import numpy as np

    one, other = run_v2(path, inputs, key, list(tags)), run_v1(path, inputs, key, tags)
    assert set(one) == set(other)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])
    return one


def convert_plainly(path, target):
    """The plain `tensorflowjs_converter`; the model.json it wrote."""
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("tensorflowjs_converter")),
            "--input_format=tf_saved_model",
            str(path),
            str(target),
        ],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return Path(target) / "model.json"


def sigfix(*arguments, **more):
    """Run the command in a terminal of 80 columns."""
    return subprocess.run(
        [sys.executable, "-m", "sigfix", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "COLUMNS": "80"},
        **more,
    )


def fingerprint(path: Path) -> dict[str, str]:
    """Every file below `path` with its hash, modification time and mode."""
    found = {}
    for item in sorted(path.rglob("*")):
        status = item.lstat()
        content = hashlib.sha256(item.read_bytes()).hexdigest() if item.is_file() else ""
        found[str(item.relative_to(path))] = f"{content} {status.st_mtime_ns} {status.st_mode}"
    return found
