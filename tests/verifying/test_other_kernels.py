"""A model that needs TensorFlow's other set of kernels is run with that, and it is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sigfix.model import DEFAULT_SERVING_KEY
from sigfix.verifying.inputs.cases import Given
from sigfix.verifying.runners.saved_model import signature
from sigfix.verifying.runners.tensorflow_settings import VARIABLE
from sigfix.verifying.running import run


def test_unequal_strides_run_with_onednn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tf = pytest.importorskip("tensorflow")
    kernel = np.random.default_rng(0).normal(size=(3, 3, 2, 1)).astype("float32")
    module = tf.Module()
    image = tf.TensorSpec([None, 8, 8, 2], tf.float32, "image")
    module.serve = tf.function(
        lambda image: {
            "y": tf.raw_ops.DepthwiseConv2dNative(
                input=image, filter=kernel, strides=[1, 2, 1, 1], padding="VALID"
            )
        },
        input_signature=[image],
    )
    tf.saved_model.save(module, str(tmp_path / "m"), signatures=module.serve)
    monkeypatch.setenv(VARIABLE, "0")
    x = np.random.default_rng(1).random((1, 8, 8, 2), dtype=np.float32)
    model = signature(tmp_path / "m", ("serve",), DEFAULT_SERVING_KEY)
    found = run(model, [Given({"image": x})], seconds=300)
    (note,) = found.notes
    assert f"only with {VARIABLE}=1" in note and "DepthwiseConv2dNative" in note
    expected = [
        [(x[0, 2 * i : 2 * i + 3, j : j + 3] * kernel[..., 0]).sum((0, 1)) for j in range(6)]
        for i in range(3)
    ]
    np.testing.assert_allclose(found.cases[0].outputs[0][0]["y"][0], expected, rtol=1e-4)
