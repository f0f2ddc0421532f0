"""The fixes that forums give by hand, each beside the one sigfix command that does the same.

Every test saves the broken model, mends it as the usual answer says, mends it with sigfix, and
compares names, dtypes, shapes and numbers as TensorFlow loads them.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.loaders import run_v1, run_v2, sigfix

X = np.linspace(-1, 1, 12, dtype="float32").reshape(3, 4)


def _signature(path):
    import tensorflow as tf

    function = tf.saved_model.load(str(path)).signatures["serving_default"]
    return (
        {name: (spec.dtype, spec.shape.as_list()) for name, spec in
         function.structured_input_signature[1].items()},
        {name: (spec.dtype, spec.shape.as_list()) for name, spec in
         function.structured_outputs.items()},
    )  # fmt: skip


def _same(by_hand, mended, inputs):
    assert _signature(by_hand) == _signature(mended)
    for run in (run_v1, run_v2):
        one, other = run(by_hand, inputs), run(mended, inputs)
        assert set(one) == set(other)
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])


def test_tf1_builder_with_build_signature_def(saved, tmp_path):
    """ "MetaGraphDef has no signature": load, build TensorInfos, save with a signature map."""
    import tensorflow as tf

    v1 = tf.compat.v1
    broken, by_hand = saved("tf1"), tmp_path / "by_hand"
    with pytest.raises(KeyError):
        tf.saved_model.load(str(broken)).signatures["serving_default"]
    with tf.Graph().as_default() as graph, v1.Session() as session:
        v1.saved_model.loader.load(session, ["serve"], str(broken))
        info = v1.saved_model.utils.build_tensor_info
        signature = v1.saved_model.signature_def_utils.build_signature_def(
            inputs={"x": info(graph.get_tensor_by_name("x:0"))},
            outputs={"logits": info(graph.get_tensor_by_name("logits:0"))},
            method_name="tensorflow/serving/predict",
        )
        builder = v1.saved_model.builder.SavedModelBuilder(str(by_hand))
        builder.add_meta_graph_and_variables(
            session, ["serve"], signature_def_map={"serving_default": signature}
        )
        builder.save()
    done = sigfix("repair", broken, "-o", tmp_path / "mended")
    assert done.returncode == 0, done.stderr
    _same(by_hand, tmp_path / "mended", {"x": X})


def test_tf2_function_wrapper(saved, tmp_path):
    """ "signatures is empty": wrap the loaded call in a tf.function with an input signature."""
    import tensorflow as tf

    broken, by_hand = saved("wrapper"), tmp_path / "by_hand"
    loaded = tf.saved_model.load(str(broken))
    assert not loaded.signatures

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x")])
    def serve(x):
        return loaded(x)

    tf.saved_model.save(loaded, str(by_hand), signatures={"serving_default": serve})
    done = sigfix("repair", broken, "-o", tmp_path / "mended")
    assert done.returncode == 0, done.stderr
    _same(by_hand, tmp_path / "mended", {"x": X})


def test_tf2_wrapper_with_a_fixed_image_size(saved, tmp_path):
    """The converter wants static shapes: a wrapper with a narrower spec than the trace's."""
    import tensorflow as tf

    broken, by_hand = saved("wrapper"), tmp_path / "by_hand"
    loaded = tf.saved_model.load(str(broken))

    @tf.function(input_signature=[tf.TensorSpec([3, 4], tf.float32, name="features")])
    def serve(features):
        return {"probabilities": tf.nn.softmax(loaded(features)["score"])}

    tf.saved_model.save(loaded, str(by_hand), signatures=serve)
    arguments = ["--input", "features:x=float32[3,4]", "--append", "probabilities=softmax(score)"]
    arguments += ["--drop-output", "score", "--drop-output", "a", "--drop-output", "index"]
    arguments += ["--no-verify"]  # compared below
    done = sigfix("repair", broken, "-o", tmp_path / "mended", *arguments)
    assert done.returncode == 0, done.stderr
    for run in (run_v1, run_v2):
        one, other = (run(path, {"features": X}) for path in (by_hand, tmp_path / "mended"))
        np.testing.assert_allclose(one["probabilities"], other["probabilities"], rtol=1e-6)


def test_hub_module_without_tags(saved, tmp_path):
    """ "MetaGraphDef associated with tags {'serve'} could not be found": pass `tags=[]`."""
    import tensorflow as tf

    with pytest.raises(RuntimeError, match="serve"):
        run_v1(saved("hub"), {"x": X})
    expected = tf.saved_model.load(str(saved("hub")), tags=[]).signatures["default"](tf.constant(X))
    done = sigfix("repair", saved("hub"), "-o", tmp_path / "mended", "--no-verify")
    assert done.returncode == 0, done.stderr
    got = run_v1(tmp_path / "mended", {"x": X})
    np.testing.assert_array_equal(got["default"], expected["default"])


def test_keras_h5_for_serving(saved, tmp_path):
    """ "How do I serve my .h5?": load_model and save; here, one command."""
    import tf_keras

    broken = saved("keras_file") / "keras2.h5"
    model = tf_keras.models.load_model(broken, compile=False)
    model.save(str(tmp_path / "by_hand"), save_format="tf")
    done = sigfix("repair", broken, "-o", tmp_path / "mended")
    assert done.returncode == 0, done.stderr
    _same(tmp_path / "by_hand", tmp_path / "mended", {model.input_names[0]: X})
