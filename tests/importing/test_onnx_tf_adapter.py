"""onnx-tf through sigfix's adapter: what it changes and when, its signature, ONNX's own tests."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.importing.onnx_tf_table import (
    DOCUMENT,
    EXAMPLE,
    ROOT,
    lost_to_the_adapter,
    measure,
    rows,
)
from tests.importing.single_node import onnx_runtime_outputs, require_packages

require_packages()
NEEDS_ONNX_TF = pytest.mark.skipif(find_spec("onnx_tf") is None, reason="needs sigfix[onnx-tf]")
NEEDS_DOCTR = pytest.mark.skipif(
    find_spec("doctr") is None or find_spec("tensorflowjs") is None, reason="needs sigfix[all]"
)
SAMPLE = {"Hardmax", "HardSwish", "Softmax"}


def image_model() -> Any:
    """Sizes computed at run time, names that no TensorFlow node may have, an empty node name."""
    import onnx
    from onnx import helper, numpy_helper

    random = np.random.default_rng(0)
    weights = {
        "conv.weight": random.standard_normal((4, 3, 3, 3)).astype(np.float32),
        "tail": np.array([-1], np.int64),
        "first": np.array([0], np.int64),
        "scale": random.standard_normal((4 * 8 * 8, 5)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["image.1", "conv.weight"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("HardSwish", ["c"], ["h"]),
        helper.make_node("Shape", ["h"], ["shape"]),
        helper.make_node("Gather", ["shape", "first"], ["batch"]),
        helper.make_node("Concat", ["batch", "tail"], ["target"], axis=0),
        helper.make_node("Reshape", ["h", "target"], ["flat"]),
        helper.make_node("MatMul", ["flat", "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "bias/of:it"], ["out.1"]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [
            helper.make_tensor_value_info("image.1", 1, ["batch", 3, 8, 8]),
            helper.make_tensor_value_info("bias/of:it", 1, ["batch", 5]),
        ],
        [helper.make_tensor_value_info("out.1", 1, ["batch", 5])],
        [numpy_helper.from_array(v, n) for n, v in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


def softmax_model(opset: int) -> Any:
    """Up to opset 12 softmax is over everything from its axis on, from 13 on over that axis."""
    from onnx import helper

    values = [helper.make_tensor_value_info(name, 1, ["batch", 3, 4]) for name in ("x", "y")]
    node = helper.make_node("Softmax", ["x"], ["y"], axis=1)
    graph = helper.make_graph([node], "g", values[:1], values[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    return model


def test_nothing_happens_until_it_is_called() -> None:
    code = (
        "import sys, sigfix.importing.onnx_tf_adapter\n"
        "print([n for n in ('onnx_tf', 'tensorflow_addons', 'tensorflow') if n in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (ran.stdout.strip(), ran.stderr) == ("[]", "")


@NEEDS_ONNX_TF
def test_a_model_is_exported_with_its_names_and_any_batch(tmp_path: Path) -> None:
    import tensorflow as tf

    from sigfix.importing.onnx_tf_adapter import install, prepare

    model = image_model()
    before = model.SerializeToString()
    represented = prepare(model)
    assert "tensorflow_addons" not in sys.modules
    assert model.SerializeToString() == before
    represented.export_graph(tmp_path / "saved_model")
    loaded = tf.saved_model.load(str(tmp_path / "saved_model"))
    function = loaded.signatures["serving_default"]
    specs = function.structured_input_signature[1]
    assert {n: s.shape.as_list() for n, s in specs.items()} == {
        "image_1": [None, 3, 8, 8],
        "bias_of_it": [None, 5],
    }
    assert function.structured_outputs["out_1"].shape.as_list() == [None, 5]
    random = np.random.default_rng(1)
    for batch in (1, 3):
        image = random.standard_normal((batch, 3, 8, 8)).astype(np.float32)
        bias = random.standard_normal((batch, 5)).astype(np.float32)
        (expected,) = onnx_runtime_outputs(model, {"image.1": image, "bias/of:it": bias}).values()
        served = function(image_1=tf.constant(image), bias_of_it=tf.constant(bias))["out_1"]
        (run,) = represented.run([image, bias])
        for found in (served.numpy(), run):
            np.testing.assert_allclose(found, expected, atol=1e-5 * np.ptp(expected))
    assert install() is install()


@NEEDS_ONNX_TF
def test_each_model_keeps_its_own_opset() -> None:
    from sigfix.importing.onnx_tf_adapter import prepare

    models = [softmax_model(11), softmax_model(13)]
    x = np.random.default_rng(2).standard_normal((2, 3, 4)).astype(np.float32)
    prepared = [prepare(model) for model in models]  # and only then run
    expected = [onnx_runtime_outputs(model, {"x": x})["y"] for model in models]
    assert np.abs(expected[0] - expected[1]).max() > 0.1
    for represented, wanted in zip(prepared, expected, strict=True):
        np.testing.assert_allclose(represented.run([x])[0], wanted, atol=1e-6)


@NEEDS_ONNX_TF
def test_what_neither_can_express_is_said_by_sigfix() -> None:
    from onnx import helper

    from sigfix.errors import ConversionError
    from sigfix.importing.onnx_tf_adapter import prepare

    values = [helper.make_tensor_value_info(n, 1, ["batch", 1, 4, 4]) for n in ("x", "y", "theta")]
    node = helper.make_node("LSTM", ["x", "w", "r"], ["y"], name="decoder", hidden_size=2, clip=1.0)
    values[0] = helper.make_tensor_value_info("x", 1, ["steps", 1, 4])
    weights = [
        helper.make_tensor(n, 1, shape, np.zeros(shape).ravel())
        for n, shape in (("w", (1, 8, 4)), ("r", (1, 8, 2)))
    ]
    values[1] = helper.make_tensor_value_info("y", 1, ["steps", 1, 1, 2])
    graph = helper.make_graph([node], "g", values[:1], values[1:2], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
    with pytest.raises(ConversionError, match=r"ONNX LSTM \(node decoder\): clipping"):
        prepare(model).run([np.zeros((2, 1, 4), np.float32)])


def test_the_committed_table_has_nothing_that_the_adapter_loses() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert "Passed as it comes and not with the adapter: none." in text
    assert "Wrong with the adapter and not as it comes: none." in text
    (total,) = (line for line in text.splitlines() if line.startswith("| all |"))
    tests, plain, adapted, *others = (int(n) for n in total.split("|")[2:8])
    assert tests == adapted + sum(others)
    assert adapted > plain > 0
    assert "\n".join(EXAMPLE) in text


@pytest.mark.matrix
@NEEDS_ONNX_TF
def test_the_committed_table_is_current() -> None:
    tests, outcomes = measure(SAMPLE)
    committed = DOCUMENT.read_text("utf-8").splitlines()
    found = rows(tests, outcomes)
    assert set(found) == SAMPLE | {"all"}
    assert [found[operator] for operator in SAMPLE if found[operator] not in committed] == []
    assert lost_to_the_adapter(outcomes) == []


@pytest.mark.matrix
@NEEDS_ONNX_TF
@NEEDS_DOCTR
def test_a_docTR_export_goes_through_the_plain_converter(tmp_path: Path) -> None:
    from sigfix.importing import doctr
    from sigfix.presets import PRESETS

    preset = PRESETS["crnn_mobilenet_v3_small"]
    weights = ROOT / "examples/weights/crnn_mobilenet_v3_small.fp16.safetensors"
    doctr.export_onnx(doctr.build_model(preset, str(weights)), preset, tmp_path / "model.onnx")
    programs = Path(sys.executable).parent
    for command in (
        [sys.executable, "-c", "\n".join(EXAMPLE)],
        [sys.executable, "-m", "sigfix", "verify", "model.onnx", "saved_model"],
        [str(programs / "tensorflowjs_converter"), "saved_model", "web"],
        [sys.executable, "-m", "sigfix", "convert", "saved_model", "--tfjs", "-o", "checked"],
        [sys.executable, "-m", "sigfix", "verify", "model.onnx", "checked"],
    ):
        environment = {"PYTHONPATH": str(ROOT)}
        ran = _run(command, tmp_path, environment)
        assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr[-3000:]}"
        assert not re.search(r"Signature .* does not exist", ran.stdout + ran.stderr)
    signature = json.loads((tmp_path / "web" / "model.json").read_text("utf-8"))["signature"]
    assert list(signature["inputs"]) == ["input"]
    assert list(signature["outputs"]) == ["logits"]
    assert signature["inputs"]["input"]["tensorShape"]["dim"][0] == {"size": "-1"}


def _run(
    command: list[str], folder: Path, more: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    import os

    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        timeout=1200,
    )
