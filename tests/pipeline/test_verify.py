"""`sigfix verify`: two models on the same inputs, whatever their formats; exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

import sigfix
from sigfix.errors import UsageError
from tests.loaders import sigfix as command


def _changed(source, target):
    import tensorflow as tf

    model = tf.saved_model.load(str(source))
    model.weight.assign([[1.0], [2.001]])
    tf.saved_model.save(
        model, str(target), signatures={"serving_default": model.signatures["serving_default"]}
    )
    return target


def test_same_different_and_tolerance(saved, tmp_path):
    source = saved("healthy")
    other = _changed(source, tmp_path / "other")
    found = command("verify", source, other)
    assert found.returncode == 1, found.stderr
    assert "serving_default: different, batch 1" in found.stdout
    assert "y: off by" in found.stdout
    assert "running" in found.stderr
    found = command("verify", source, other, "--tolerance", "0.01", "--format", "json", "-q")
    assert (found.returncode, found.stderr) == (0, "")
    (parity,) = json.loads(found.stdout)["parity"]
    assert (parity["verdict"], parity["batches"]) == ("same", [1, 4])


def test_other_inputs_and_missing_signatures_are_said(saved):
    (parity,) = sigfix.verify(saved("healthy"), saved("tf1_heads"))
    assert (parity.verdict, parity.reason) == (
        "different", "the second model has no such signature",
    )  # fmt: skip
    two = sigfix.verify(saved("several_signatures"), saved("hub"), signature="double")
    assert [item.key for item in two] == ["double"]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["wrapper", "healthy"], "no signature"),
        (["healthy", "absent"], "does not exist"),
        (["healthy", "healthy", "--signature", "scores"], "no signature scores"),
        (["healthy", "healthy", "--format", "yaml"], "json"),
    ],
)
def test_what_cannot_be_compared_is_no_success(saved, arguments, word):
    names = [
        saved(item.split("/")[0]) / "/".join(item.split("/")[1:])
        if item.split("/")[0] in ("wrapper", "healthy", "keras_file")
        else item
        for item in arguments
    ]
    found = command("verify", *names)
    assert found.returncode == 2, "nothing could be told"
    assert word in found.stderr
    assert "Traceback" not in found.stderr


def test_without_tensorflow_and_numpy_the_extra_is_named(saved, tmp_path):
    code = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(('tensorflow', 'numpy')))\n"
        "from sigfix.cli.main import main\n"
        "main(sys.argv[1:])\n"
    )
    for more in ([], ["--inputs", tmp_path / "inputs.npz"]):
        found = subprocess.run(
            [sys.executable, "-c", code, "verify", saved("healthy"), saved("healthy"), *more],
            capture_output=True,
            text=True,
        )
        assert found.returncode == 2
        assert "pip install 'sigfix[tf]'" in found.stderr


def test_a_random_model_is_not_comparable(saved, tmp_path):
    options = sigfix.RepairOptions(verify=False)
    out = sigfix.repair(saved("random"), tmp_path / "out", None, options).output
    found = command("verify", out, out)
    assert found.returncode == 2
    assert "not comparable" in found.stdout


@pytest.mark.skipif(find_spec("onnxslim") is None, reason="onnxslim is not installed")
def test_an_onnx_file_and_its_savedmodel_channels_last(saved, tmp_path):
    source = saved("onnx_file") / "model.onnx"
    choices = sigfix.Choices(layout="nhwc")
    options = sigfix.RepairOptions(verify=False)
    out = sigfix.repair(source, tmp_path / "out", choices, options).output
    (parity,) = sigfix.verify(source, out)
    assert (parity.verdict, parity.batches) == ("same", (1, 4))
    (parity,) = sigfix.verify(out, source, inputs={"pixels": np.ones((2, 8, 8, 3), "f")})
    assert (parity.verdict, parity.batches) == ("same", (2,))
    with pytest.raises(sigfix.SigfixError, match=r"has no 'pixels'; .* no input 'x'") as caught:
        sigfix.verify(source, out, inputs={"x": np.ones(1)})
    assert caught.value.hint.endswith("names of the inputs: pixels")


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"z": np.ones((1, 2), "float32")}, "it has no 'x'; the model has no input 'z'"),
        ({}, "it has no 'x'"),
        ({"x": np.ones((1, 5), "float32")}, r"has shape \[1,5\]; the model takes"),
        ({"x": np.array([["a", "b"]])}, "the model takes float32"),
    ],
)
def test_inputs_that_do_not_fit_are_no_verdict(saved, inputs, said):
    with pytest.raises(UsageError, match=said):
        sigfix.verify(saved("healthy"), saved("healthy"), inputs=inputs)
