"""A cut is offered where it leads somewhere: strings are cut off, and the network is left."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.pipeline.prepared import STRINGS
from sigfix.verifying.runners import tfjs
from tests.exporting.printed_ways import exit_code, printed, saved

pytestmark = pytest.mark.usefixtures("node_packages")


def test_no_cut_is_offered_that_leaves_nothing_of_the_model(tmp_path, capsys):
    """The whole computation is one operator that TensorFlow.js has not: a module of XLA's."""
    from tensorflow.compiler.tf2xla.ops import gen_xla_ops

    @tf.function(input_signature=[tf.TensorSpec([None, 8], tf.float32, "x")], autograph=False)
    def serve(x):
        made = gen_xla_ops.xla_call_module(
            args=[x], version=9, module=b"ML\xefR\x01StableHLO_v0.9.0\x00", platforms=["CPU"],
            Sout=[tf.TensorShape([None, 4])], Tout=[tf.float32], dim_args_spec=[], function_list=[],
        )  # fmt: skip
        return {"y": made[0]}

    module = tf.Module()
    module.serve = serve
    model = saved(tmp_path / "m", module, serve)
    assert exit_code(["convert", str(model), "-o", str(tmp_path / "no")]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "no operator for XlaCallModule" in said
    assert STRINGS not in said and "native_serialization=False" in said


def seen_and_read(rows, text):
    """Classes of a network, behind what TensorFlow.js lacks, and a sum."""
    weight = tf.random.stateless_normal([3, 4], [1, 2])
    scores = rows @ weight
    kept = tf.math.igamma(tf.abs(scores), 1.0)
    return {"kept": tf.nn.relu(kept), "total": tf.reduce_sum(rows, 1), "length": text}


def network_first(tmp_path, dtype):
    """A model that begins with a network, and has strings beside it where `dtype` is that."""

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, 3], tf.float32, "rows"), tf.TensorSpec([None], dtype, "text")
        ]
    )  # fmt: skip
    def serve(rows, text):
        length = tf.strings.length(text) if dtype == tf.string else text
        return seen_and_read(rows, length)

    module = tf.Module()
    module.serve = serve
    return saved(tmp_path / "m", module, serve)


@pytest.mark.parametrize("dtype", [tf.int32, tf.string])
def test_a_network_is_not_cut_off_and_the_other_way_is_followed(
    dtype, tmp_path, capsys, monkeypatch
):
    """Nothing but the network is in front of what TensorFlow.js lacks: outputs are left out."""
    monkeypatch.chdir(tmp_path)
    model = network_first(tmp_path, dtype)
    steps = printed(capsys, "convert", model, "--tfjs", "-o", tmp_path / "no")
    assert not any(STRINGS in step for step in steps)
    assert "kept" in steps[0] and "total" not in steps[0]
    for step in steps:
        assert exit_code(step) == 0, capsys.readouterr()
    fed = {"rows": np.ones([2, 3], np.float32)}
    found = tfjs.run(tmp_path / "m_repaired_tfjs", [fed], ["total"])
    np.testing.assert_array_equal(found.outputs[0]["total"], [3, 3])


@pytest.mark.parametrize("numbers", [True, False])
def test_no_strings_are_cut_off_where_none_are(numbers, tmp_path, capsys):
    """The whole of a model is behind an operator that TensorFlow.js lacks."""
    spec = tf.TensorSpec([None, 3], tf.float32 if numbers else tf.string, "rows")

    @tf.function(input_signature=[spec])
    def serve(rows):
        rows = rows if numbers else tf.strings.to_number(rows)
        return {"y": tf.nn.relu(tf.math.igamma(rows, 1.0)) @ tf.ones([3, 4])}

    module = tf.Module()
    module.serve = serve
    model = saved(tmp_path / "m", module, serve)
    assert exit_code(["convert", str(model), "-o", str(tmp_path / "no")]) == 1
    assert (STRINGS in capsys.readouterr().err) is not numbers


@pytest.mark.parametrize("in_letters", [False, True])
def test_pictures_as_files_are_decoded_in_the_page(in_letters, tmp_path, capsys, monkeypatch):
    """A loop decodes each file; its result can be fed, what is inside it cannot."""
    monkeypatch.chdir(tmp_path)
    weight = tf.random.stateless_normal([3, 5], [1, 2])

    def decoded(file):
        file = tf.io.decode_base64(file) if in_letters else file
        return tf.image.resize(tf.io.decode_jpeg(file, channels=3), [8, 8]) / 255.0

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "files"), tf.TensorSpec([None], tf.string, "key")
        ]
    )  # fmt: skip
    def serve(files, key):
        pictures = tf.map_fn(decoded, files, fn_output_signature=tf.float32)
        return {"scores": tf.reduce_mean(pictures, [1, 2]) @ weight, "key": key}

    module = tf.Module()
    module.serve = serve
    model = saved(tmp_path / "m", module, serve)
    steps = printed(capsys, "convert", model, "--tfjs")
    assert [STRINGS in step for step in steps] == [True], "the key that is passed on may stay"
    assert exit_code([*steps[0], "-o", str(tmp_path / "web")]) == 0, capsys.readouterr()
    picture = np.arange(2 * 8 * 8 * 3, dtype=np.float32).reshape(2, 8, 8, 3) / 384
    keys = np.array([b"one", b"two"], dtype=object)
    (found,) = tfjs.run(
        tmp_path / "web", [{"files_numbers": picture, "key": keys}], ["scores"]
    ).outputs
    np.testing.assert_allclose(found["scores"], picture.mean((1, 2)) @ weight, rtol=1e-5)
