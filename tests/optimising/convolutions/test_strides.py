"""Strides of their own for rows and columns: in every TensorFlow, and one kernel in TF.js."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising import passes
from sigfix.optimising.convolutions import strided_kernels
from sigfix.optimising.kernels import plain_kernels
from tests.optimising.convolutions.strided_cases import CASES, STRIDES, Case, difference, graph_of
from tests.optimising.graphs import frozen, noise, operators, run

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("onednn", ["0", "1"])
def test_every_case_with_onednn_and_without(onednn):
    done = subprocess.run(
        [sys.executable, "-m", "tests.optimising.convolutions.strided_cases"],
        env=os.environ | {"TF_ENABLE_ONEDNN_OPTS": onednn},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = re.search(r"largest difference (\S+) of (\d+) cases", done.stdout)
    assert found
    assert float(found[1]) < 1e-5
    assert int(found[2]) == len(CASES)


def kernel_of(graph):
    found = [n for n in graph.nodes.values() if n.op in ("Conv2D", "MaxPool", "AvgPool")]
    found += [n for n in graph.nodes.values() if n.op == "DepthwiseConv2dNative"]
    (node,) = found
    return node


@pytest.mark.parametrize("case", [c for c in CASES if c.dilations == (1, 1)], ids=str)
def test_a_slice_becomes_a_stride(case):
    graph = graph_of(case, case.sliced)
    assert strided_kernels.merge_strides(graph) == 1
    assert "StridedSlice" not in operators(graph)
    assert tuple(kernel_of(graph).attr["strides"].list.i) == (1, *case.strides, 1)
    assert difference(case, graph) < 1e-5


@pytest.mark.parametrize("strides", STRIDES)
def test_the_same_operators_from_both_forms(strides):
    """Whoever wrote it: as many operators reach TF.js as from a kernel with two strides."""
    case = Case(strides)
    bias = noise(6)

    def after(form):
        return lambda x: tf.nn.relu(tf.nn.bias_add(form(x) * noise(6, seed=3), bias))

    found = []
    for form in (case.direct, case.sliced):
        graph = graph_of(case, after(form))
        kernels = passes.optimise_kernels(passes.optimise_values(graph))
        found.append({k: n for k, n in operators(kernels).items() if k != "Const"})
    assert found[0] == found[1] == {"Placeholder": 1, "FusedDepthwiseConv2dNative": 1}


def everything(x):
    """Forms of kernels and slices that may become one, and some that may not, by their names."""
    weights = noise(3, 3, 3, 4)
    one = noise(1, 1, 3, 4)

    def conv(stride, padding="VALID", kernel=weights, dilations=1):
        return tf.nn.conv2d(x, kernel, stride, padding, dilations=dilations)

    same = conv(1, "SAME")
    explicit = conv(1, [[0, 0], [2, 3], [1, 2], [0, 0]])
    pool = tf.nn.max_pool2d(x, 3, 1, "SAME")
    relu = tf.nn.relu(tf.nn.bias_add(conv(1), noise(4)) * 0.5)
    merged = {
        "convolution": conv(1)[:, ::2],
        "both axes": conv(1)[:, ::2, ::3],
        "a stride of two, and another": conv(2)[:, ::2],
        "same": same[:, ::2, ::2],
        "same, one wide": conv(1, "SAME", one)[:, ::3],
        "explicit": explicit[:, ::2, ::2],
        "explicit, not from the first": explicit[:, 1::2, ::2],
        "explicit, not to the last": explicit[:, :10:2, ::2],
        "a pool": tf.nn.avg_pool2d(x, 2, 1, "VALID")[:, ::2],
        "a pool, same as the larger stride's": tf.nn.max_pool2d(x, 1, 1, "SAME")[:, ::2, ::2],
        "behind a bias and an activation": relu[:, ::2],
        "to a place behind the end": conv(1)[:, :100:2],
        "all of the channels": conv(1)[:, ::2, :, 0:4],
    }
    kept = {
        "not from the first": conv(1)[:, 1::2],
        "not to the last": conv(1)[:, :3:2],
        "turned round": conv(1)[:, ::-2],
        "some channels": conv(1)[:, ::2, :, 1:],
        "a channel": conv(1)[:, ::2, :, 1],
        "a row": conv(1)[:, 1, ::2],
        "other pictures": conv(1)[::2, ::2],
        "a new axis": conv(1)[:, ::2, None],
        "dilated": conv(1, dilations=2)[:, ::2],
        "a pool, same as no larger stride's": pool[:, 1::2],
        "read elsewhere": same[:, ::3] + 0.0 * tf.reduce_mean(same),
        "behind a sum over pixels": (conv(1) + noise(7, 1, 1))[:, ::2],
        "no step": conv(1)[:, 1:],
    }
    return merged, kept


NAMES = [list(group) for group in everything(tf.zeros((1, 9, 12, 3)))]


@pytest.mark.parametrize("name", [*NAMES[0], *NAMES[1]])
def test_what_is_provably_the_same_is_merged_and_nothing_else(name):
    wanted = name in NAMES[0]
    graph = frozen(lambda x: everything(x)[not wanted][name], None, 9, 12, 3)
    graph.prune()
    x = noise(3, 9, 12, 3)
    before = run(graph, x)
    assert strided_kernels.merge_strides(graph) == wanted
    assert ("StridedSlice" in operators(graph)) != wanted
    np.testing.assert_allclose(run(graph, x), before, atol=1e-5)


@pytest.mark.parametrize("size", [(7, 8), (8, 9), (9, 13)])
def test_of_an_open_size_only_what_holds_for_every_size(size):
    weights = noise(3, 3, 3, 4)
    forms = {
        lambda x: tf.nn.conv2d(x, weights, 1, "VALID")[:, ::2]: 1,
        lambda x: tf.nn.conv2d(x, weights, 1, [[0, 0], [1, 1], [2, 0], [0, 0]])[:, ::2, ::3]: 1,
        lambda x: tf.nn.max_pool2d(x, (3, 2), 1, "VALID")[:, ::3]: 1,
        lambda x: tf.nn.conv2d(x, noise(1, 1, 3, 4), 1, "SAME")[:, ::3]: 1,
        lambda x: tf.nn.conv2d(x, weights, 1, "SAME")[:, ::2]: 0,
        lambda x: tf.nn.conv2d(x, weights, 1, "VALID")[:, 1::2]: 0,
        lambda x: tf.nn.conv2d(x, weights, 1, "VALID")[:, :4:2]: 0,
    }
    for build, wanted in forms.items():
        graph = frozen(build, None, None, None, 3)
        x = noise(2, *size, 3)
        before = run(graph, x)
        assert strided_kernels.merge_strides(graph) == wanted
        np.testing.assert_allclose(run(graph, x), before, atol=1e-5)


def test_two_slices_one_behind_the_other():
    build = lambda x: tf.nn.relu(tf.nn.conv2d(x, noise(2, 2, 3, 4), 1, "SAME")[:, ::2])[:, ::2]  # noqa: E731
    graph = frozen(build, None, 9, 12, 3)
    x = noise(2, 9, 12, 3)
    before = run(graph, x)
    assert strided_kernels.merge_strides(graph) == 2
    assert list(kernel_of(graph).attr["strides"].list.i) == [1, 4, 1, 1]
    np.testing.assert_allclose(run(graph, x), before, atol=1e-5)


def test_running_a_graph_does_not_change_it():
    case = Case((2, 1))
    graph = graph_of(case, case.direct)
    before = graph.graph_def().SerializeToString(deterministic=True)
    run(graph, case.image)
    assert graph.graph_def().SerializeToString(deterministic=True) == before
    assert plain_kernels.use_plain_kernels(graph) == 1


@pytest.mark.skipif(not find_spec("tensorflowjs"), reason="tensorflowjs is absent")
def test_tfjs_computes_one_kernel_rightly(tmp_path, node_packages):
    """Models of both forms as TF.js graph models, in its WebAssembly and its plain backend."""
    from tensorflow.core.protobuf import meta_graph_pb2

    from sigfix.exporting import tfjs_model
    from sigfix.verifying.runners import tfjs

    chosen = [c for c in CASES if c.size == (9, 12) and c.dilations == (1, 1)]
    for form in ("direct", "sliced"):
        build = lambda x, f=form: [tf.reshape(getattr(c, f)(x), [2, -1]) for c in chosen]  # noqa: E731
        graph = frozen(lambda x, b=build: tf.concat(b(x), 1), 2, 9, 12, 3)
        kernels = passes.optimise_kernels(passes.optimise_values(graph, ("duplicates",)))
        assert operators(kernels)["DepthwiseConv2dNative"] == len(chosen)
        assert "StridedSlice" not in operators(kernels)
        signature = meta_graph_pb2.SignatureDef()
        for key, tensors in (("x", signature.inputs), ("y", signature.outputs)):
            tensors[key].name, tensors[key].dtype = f"{key}:0", 1
        signature.inputs["x"].tensor_shape.CopyFrom(tf.TensorShape([2, 9, 12, 3]).as_proto())
        folder = tmp_path / form
        folder.mkdir()
        tfjs_model.write_model(kernels, signature, folder)
        topology = json.loads((folder / "model.json").read_text())["modelTopology"]["node"]
        assert "StridedSlice" not in {node["op"] for node in topology}
        expected = np.concatenate([c.expected().reshape(2, -1) for c in chosen], 1)
        for backend in ("wasm", "cpu"):
            answer = tfjs.run(folder, [{"x": chosen[0].image}], ["y"], backend)
            np.testing.assert_allclose(answer.outputs[0]["y"], expected, atol=1e-4)
