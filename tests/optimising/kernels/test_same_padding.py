"""SAME padding with a stride larger than the kernel, which TF.js's wasm backend gets wrong."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
import tensorflow as tf

from sigfix.errors import ParityError
from sigfix.optimising.kernels.same_padding import write_out_padding
from tests.optimising.graphs import frozen, noise, run

CASES = [((1, 3), (1, 8)), ((1, 3), (2, 2)), ((3, 3), (4, 8)), ((1, 1), (2, 2)), ((2, 3), (3, 4))]


@pytest.mark.parametrize(("kernel", "stride"), CASES)
def test_computes_the_same(kernel, stride):
    graph = frozen(
        lambda x: tf.nn.conv2d(x, noise(*kernel, 2, 4), list(stride), "SAME"), None, 8, 16, 2
    )
    x = noise(2, 8, 16, 2)
    before = run(graph, x)
    write_out_padding(graph)
    np.testing.assert_array_equal(run(graph, x), before)


@pytest.mark.parametrize(
    ("kernel", "stride", "expected"),
    [((1, 3), (1, 8), b"VALID"), ((3, 1), (2, 2), b"EXPLICIT"), ((3, 3), (2, 2), b"SAME")],
)
def test_only_what_is_wrong_is_rewritten(kernel, stride, expected):
    graph = frozen(
        lambda x: tf.nn.conv2d(x, noise(*kernel, 2, 4), list(stride), "SAME"), None, 8, 16, 2
    )
    write_out_padding(graph)
    (convolution,) = (n for n in graph.nodes.values() if n.op == "Conv2D")
    assert convolution.attr["padding"].s == expected


@pytest.mark.parametrize(
    ("kernel", "stride", "expected"),
    [((1, 1), (2, 2), b"VALID"), ((1, 1), (3, 1), b"VALID"), ((1, 2), (2, 3), b"SAME"),
     ((1, 1), (1, 1), b"SAME")],
)  # fmt: skip
def test_a_kernel_one_wide_never_reaches_beyond_an_open_size(kernel, stride, expected):
    graph = frozen(
        lambda x: tf.nn.conv2d(x, noise(*kernel, 2, 4), list(stride), "SAME"), None, None, None, 2
    )
    pictures = [noise(2, height, width, 2) for height, width in ((7, 8), (8, 7), (1, 9))]
    before = [run(graph, x) for x in pictures]
    write_out_padding(graph)
    (convolution,) = (n for n in graph.nodes.values() if n.op == "Conv2D")
    assert convolution.attr["padding"].s == expected
    for x, found in zip(pictures, before, strict=True):
        np.testing.assert_array_equal(run(graph, x), found)


@pytest.mark.skipif(not find_spec("tensorflowjs"), reason="tensorflowjs is absent")
def test_tfjs_is_right_with_the_pass_and_said_to_be_wrong_without(tmp_path, node_packages):
    from sigfix.pipeline.conversion_options import ConvertOptions
    from sigfix.pipeline.convert import convert
    from sigfix.pipeline.inspect import inspect

    module = tf.Module()

    def strided(x):
        y = tf.nn.relu(tf.nn.conv2d(x, noise(1, 3, 2, 4), [1, 4], "SAME"))
        return {"y": tf.nn.depthwise_conv2d(y, noise(1, 1, 4, 1), [1, 2, 2, 1], "SAME")}

    spec = tf.TensorSpec([None, 8, 16, 2], tf.float32, "x")
    module.serve = tf.function(strided, input_signature=[spec])
    tf.saved_model.save(module, str(tmp_path / "model"), signatures=module.serve)
    foretold = {f.code: f for f in inspect(tmp_path / "model", target="tfjs-wasm").findings}
    assert [text.partition(": ")[2] for text in foretold["TGT412"].evidence] == [
        "kernel 1x3, stride 1x4, image 8x16",
        "kernel 1x1, stride 2x2, image 8x4",
    ]
    result = convert(tmp_path / "model", tmp_path / "web")
    assert all(c.parity.ok for c in result.comparisons)
    with pytest.raises(ParityError, match="wasm backend computes this model wrongly") as error:
        without = ConvertOptions(without=("same-padding",))
        convert(tmp_path / "model", tmp_path / "wrong", without)
    assert "Its cpu backend is right. The first operator that differs is Conv2D" in str(
        error.value.message
    )
    assert not (tmp_path / "wrong").exists()
