"""ONNX Runtime and TensorFlow as runners, against what NumPy computes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from sigfix.verifying.comparison import compare
from sigfix.verifying.inputs.cases import Given
from sigfix.verifying.runnable import CannotRunError
from sigfix.verifying.runners.onnx import by_signature_keys
from sigfix.verifying.runners.onnx import onnx_file as onnx_runnable
from sigfix.verifying.runners.saved_model import signature, signature_by_loaders
from sigfix.verifying.running import run, settings
from tests.plain_runs import run_onnx, run_saved_model

X = np.random.default_rng(0).random((4, 3)).astype("float32")
IDS = np.array([3, 19, 0, 4])


@pytest.fixture(scope="module")
def onnx_file(tmp_path_factory):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    helper, types = onnx.helper, onnx.TensorProto
    weights = onnx.numpy_helper.from_array(X.T.copy(), "w")
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "w"], ["product"]),
            helper.make_node("ReduceMax", ["product"], ["largest"], keepdims=0),
        ],
        "graph",
        [helper.make_tensor_value_info("x", types.FLOAT, ["n", 3])],
        [
            helper.make_tensor_value_info("product", types.FLOAT, ["n", 4]),
            helper.make_tensor_value_info("largest", types.FLOAT, []),
        ],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    file = tmp_path_factory.mktemp("onnx") / "model.onnx"
    onnx.save(model, str(file))
    return file


def test_onnx_runtime_runs_every_batch(onnx_file):
    one, four = run_onnx(onnx_file, [{"x": X[:1]}, {"x": X}])
    assert compare({"product": X[:1] @ X.T, "largest": (X[:1] @ X.T).max()}, one, 1e-6).ok
    assert compare({"product": X @ X.T, "largest": (X @ X.T).max()}, four, 1e-6).ok


def test_onnx_runtime_runs_the_same_in_every_setting(onnx_file):
    model = onnx_runnable(onnx_file)
    assert len(settings(model)) == 2
    for setting in settings(model):
        found = run(model, [Given({"x": X})], repeat=2, setting=setting)
        first, again = found.cases[0].outputs[0]
        assert compare({"product": X @ X.T, "largest": (X @ X.T).max()}, first, 1e-6).ok
        assert compare(first, again, 0.0).ok


def test_an_onnx_file_is_fed_by_other_names_and_layouts(onnx_file):
    model = onnx_runnable(onnx_file, {"x": "turned"}, {"x": (1, 0)})
    found = run(model, [Given({"turned": X.T.copy()})])
    (case,) = found.cases
    outputs = by_signature_keys(case, 0)
    assert compare({"product": X @ X.T, "largest": (X @ X.T).max()}, outputs, 1e-6).ok
    own = ("a.b", "a_b", "a_B")
    named = replace(case, outputs=(({name: np.array(i) for i, name in enumerate(own)},),))
    kept = by_signature_keys(named, 0)
    assert {key: int(value) for key, value in kept.items()} == {"a_b_2": 0, "a_b_1": 1, "a_B": 2}


def test_onnx_runtime_says_what_it_cannot_run(onnx_file, tmp_path):
    with pytest.raises(CannotRunError, match=r"model\.onnx\) refuses the inputs: .*float"):
        run_onnx(onnx_file, [{"x": X.astype("float64")}])
    with pytest.raises(CannotRunError, match=r"model\.onnx\) refuses the inputs: .*x"):
        run_onnx(onnx_file, [{}])
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(onnx_file.read_bytes()[:-20])
    with pytest.raises(CannotRunError, match=r"broken\.onnx\) cannot be run: "):
        run_onnx(broken, [{"x": X}])
    with pytest.raises(CannotRunError, match=r"absent\.onnx\) cannot be run: "):
        run_onnx(tmp_path / "absent.onnx", [{"x": X}])


def test_one_bad_input_among_good_ones_is_no_answer(onnx_file):
    with pytest.raises(CannotRunError, match="refuses the inputs"):
        run_onnx(onnx_file, [{"x": X}, {"x": X[:, :2].copy()}, {"x": X}])


def test_tensorflow_runs_every_batch(mixed):
    one, four = run_saved_model(mixed, [{"x": X[:1], "ids": IDS[:1]}, {"x": X, "ids": IDS}])
    assert one["squares"].tolist() == [9]
    assert four["squares"].tolist() == [9, 361, 0, 16]
    assert four["large"].tolist() == (X.sum(axis=1) > 1.5).tolist()
    assert set(four) == {"scores", "squares", "large"}


def test_both_loaders_answer_each_time(mixed):
    model = signature_by_loaders(mixed, ("serve",), "serving_default")
    found = run(model, [Given({"x": X, "ids": IDS})], repeat=2)
    assert [call.title for call in model.calls] == ["tf.saved_model.load", "the v1 loader"]
    for repeats in found.cases[0].outputs:
        assert len(repeats) == 2
        for outputs in repeats:
            assert outputs["squares"].tolist() == [9, 361, 0, 16]


def test_float64_is_nearer_to_the_truth_than_float32(mixed):
    model = signature(mixed, ("serve",), "serving_default")
    (double,) = [setting for setting in settings(model) if setting.details.get("double")]
    plain = run(model, [Given({"x": X, "ids": IDS})]).cases[0].outputs[0][0]
    found = run(model, [Given({"x": X, "ids": IDS})], setting=double).cases[0].outputs[0][0]
    assert found["scores"].dtype == np.float64
    assert found["squares"].tolist() == plain["squares"].tolist()
    assert 0 < np.abs(found["scores"] - plain["scores"]).max() < 1e-6


def test_tensorflow_says_what_it_cannot_run(mixed, tmp_path):
    model = r"SavedModel \(.*mixed\)"
    with pytest.raises(CannotRunError, match=f"{model} refuses the inputs"):
        run_saved_model(mixed, [{"x": np.zeros((1, 5), "float32"), "ids": np.array([1])}])
    with pytest.raises(CannotRunError, match=f"{model} refuses the inputs"):
        run_saved_model(mixed, [{"x": X}])
    with pytest.raises(CannotRunError, match=r"inputs: .*indices\[1\] = 20 is not in \[0, 20\)"):
        run_saved_model(mixed, [{"x": X, "ids": np.array([0, 20, 1, 2])}])
    with pytest.raises(CannotRunError, match="sees no signature predict"):
        run_saved_model(mixed, [{"x": X}], signature_key="predict")
    with pytest.raises(CannotRunError, match=f"{model} cannot be run: .*MetaGraph"):
        run_saved_model(mixed, [{"x": X}], tags=["train"])
    copy = shutil.copytree(mixed, tmp_path / "copy")
    next((copy / "variables").glob("*.data*")).unlink()
    with pytest.raises(CannotRunError, match=r"copy\) cannot be run"):
        run_saved_model(copy, [{"x": X, "ids": np.array([1, 2, 3, 4])}])


def test_no_case_is_no_success(mixed, onnx_file):
    for call in (lambda: run_saved_model(mixed, []), lambda: run_onnx(onnx_file, [])):
        with pytest.raises(CannotRunError, match="answered 0 of 0 calls"):
            call()


@pytest.mark.parametrize("part", ["verifying.runners.onnx_child", "importing.shape_folding"])
def test_onnx_runtime_leaves_and_sends_nothing(part, tmp_path):
    pytest.importorskip("onnxruntime")
    code = f"import sigfix.{part}, onnxruntime"
    places = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME"), str(tmp_path))
    path = os.pathsep.join(p for p in sys.path if p)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": path, **places}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert not list(tmp_path.rglob("*"))
