"""A model that needs TensorFlow's other set of kernels is run with that, and it is said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sigfix.model import DEFAULT_SERVING_KEY
from sigfix.verifying.inputs.cases import Given
from sigfix.verifying.runners.saved_model import signature
from sigfix.verifying.runners.tensorflow_settings import VARIABLE
from sigfix.verifying.running import run
from tests.environments import needs
from tests.saved_models import SAVERS


@pytest.mark.parametrize("chosen", ["0", "1", ""])
def test_a_run_says_which_kernels_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: str
) -> None:
    """Which ones TensorFlow takes by itself is for the processor to say; its log tells, too."""
    needs("tensorflow")
    SAVERS["healthy"](tmp_path / "m")
    monkeypatch.setenv(VARIABLE, chosen)
    if not chosen:
        monkeypatch.delenv(VARIABLE)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    command = [sys.executable, "-c", "import tensorflow"]
    log = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    expected = str(int("oneDNN custom operations are on" in log))
    assert chosen in ("", expected)
    model = signature(tmp_path / "m", ("serve",), DEFAULT_SERVING_KEY)
    fed = [Given({"x": np.ones((1, 2), np.float32)})]
    assert run(model, fed, seconds=300).details == {VARIABLE: expected}


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
