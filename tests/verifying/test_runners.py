"""ONNX Runtime and TensorFlow as runners, against what NumPy computes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from sigfix.errors import NotVerifiedError, UnreadableModelError, UsageError
from sigfix.verifying import onnx_runtime, saved_model
from sigfix.verifying.comparison import compare

X = np.random.default_rng(0).random((4, 3)).astype("float32")


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
    one, four = onnx_runtime.run(onnx_file, [{"x": X[:1]}, {"x": X}])
    assert compare({"product": X[:1] @ X.T, "largest": (X[:1] @ X.T).max()}, one, 1e-6).ok
    assert compare({"product": X @ X.T, "largest": (X @ X.T).max()}, four, 1e-6).ok


def test_onnx_runtime_says_what_it_cannot_run(onnx_file, tmp_path):
    with pytest.raises(NotVerifiedError, match=r"cannot run .*model.onnx"):
        onnx_runtime.run(onnx_file, [{"x": X.astype("float64")}])
    with pytest.raises(NotVerifiedError, match="cannot run"):
        onnx_runtime.run(onnx_file, [{}])
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(onnx_file.read_bytes()[:-20])
    with pytest.raises(UnreadableModelError, match=r"cannot load .*broken.onnx"):
        onnx_runtime.run(broken, [{"x": X}])
    with pytest.raises(UnreadableModelError, match=r"cannot load .*absent.onnx"):
        onnx_runtime.run(tmp_path / "absent.onnx", [{"x": X}])


def test_tensorflow_runs_every_batch(mixed):
    ids = np.array([3, 19, 0, 4])
    one, four = saved_model.run(mixed, [{"x": X[:1], "ids": ids[:1]}, {"x": X, "ids": ids}])
    assert one["squares"].tolist() == [9]
    assert four["squares"].tolist() == [9, 361, 0, 16]
    assert four["large"].tolist() == (X.sum(axis=1) > 1.5).tolist()
    assert set(four) == {"scores", "squares", "large"}


def test_tensorflow_says_what_it_cannot_run(mixed, tmp_path):
    with pytest.raises(NotVerifiedError, match="cannot run 'serving_default'"):
        saved_model.run(mixed, [{"x": np.zeros((1, 5), "float32"), "ids": np.array([1])}])
    with pytest.raises(NotVerifiedError, match="cannot run"):
        saved_model.run(mixed, [{"x": X}])
    with pytest.raises(NotVerifiedError, match=r"inputs: indices\[1\] = 20 is not in \[0, 20\)$"):
        saved_model.run(mixed, [{"x": X, "ids": np.array([0, 20, 1, 2])}])
    with pytest.raises(UsageError, match="no signature 'predict'; TensorFlow sees: serving_def"):
        saved_model.run(mixed, [], signature="predict")
    with pytest.raises(UnreadableModelError, match="cannot load"):
        saved_model.run(mixed, [], tags=["train"])
    copy = shutil.copytree(mixed, tmp_path / "copy")
    next((copy / "variables").glob("*.data*")).unlink()
    with pytest.raises(UnreadableModelError, match=r"cannot load .*copy"):
        saved_model.run(copy, [{"x": X, "ids": np.array([1, 2, 3, 4])}])


@pytest.mark.parametrize("part", ["verifying.onnx_runtime", "importing.shape_folding"])
def test_onnx_runtime_leaves_and_sends_nothing(part, tmp_path):
    pytest.importorskip("onnxruntime")
    code = f"import sigfix.{part}, onnxruntime"
    places = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME"), str(tmp_path))
    path = os.pathsep.join(p for p in sys.path if p)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": path, **places}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert not list(tmp_path.rglob("*"))
