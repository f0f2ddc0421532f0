"""A repair gives what a person writes by hand with TensorFlow: the same names, the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.repair import repair
from sigfix.planning import Choices
from tests.loaders import run_both

UNCOMPARED = RepairOptions(verify=False)

FUNCTIONS = {
    "wrapper": ("__call__", [None, 4], {}, Choices()),
    "two_functions": ("encode", [None], {}, Choices(function="encode")),
    "submodule": ("part.__call__", [None, 2], {}, Choices()),
    "traces": ("__call__", [None, 2], {"training": False}, Choices()),
    "image": ("__call__", [None, 3, 8, 8], {}, Choices()),
    "detector": ("__call__", [None, 3, 64, 64], {}, Choices()),
    "detector_with_sigmoid": ("__call__", [None, 3, 64, 64], {}, Choices()),
}
"""Model -> the function, its only tensor's shape, its other arguments, and sigfix's choices."""

GRAPHS = {
    "tf1": ("logits", Choices()),
    "tf1_unknown_rank": ("doubled", Choices()),
    "tf1_collection": ("logits", Choices(outputs=(("logits", "logits:0"),))),
    "tf1_meta_graphs": ("logits", Choices(tags=("serve",), only_meta_graph=True)),
}
"""Model of TF1 -> the tensor that it computes of `x`, and sigfix's choices."""


def fed(shape, count=3):
    generator = np.random.default_rng(5)
    return generator.normal(size=[count if size is None else size for size in shape]).astype("f")


def assert_the_same(ours, by_hand, inputs):
    """Names and numbers, through both loaders."""
    found, wanted = run_both(ours, inputs), run_both(by_hand, inputs)
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


@pytest.mark.parametrize("name", FUNCTIONS)
def test_of_a_function(saved, tmp_path, name):
    import tensorflow as tf

    path, shape, arguments, choices = FUNCTIONS[name]
    loaded = tf.saved_model.load(str(saved(name)))
    function = loaded
    for part in path.split("."):
        function = getattr(function, part)
    concrete = function.get_concrete_function(tf.TensorSpec(shape, tf.float32), **arguments)
    tf.saved_model.save(loaded, str(tmp_path / "hand"), signatures=concrete)
    ours = repair(saved(name), tmp_path / "ours", choices, UNCOMPARED).output
    (key,) = (
        tf.saved_model.load(str(tmp_path / "hand"))
        .signatures["serving_default"]
        .structured_input_signature[1]
    )
    assert_the_same(ours, tmp_path / "hand", {key: fed(shape)})


def test_of_a_tensor_that_has_a_name_of_its_own(tmp_path):
    import tensorflow as tf

    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="photo")])
        def __call__(self, im):
            return {"mean": tf.reduce_mean(im, 1)}

    module = Module()
    tf.saved_model.save(module, str(tmp_path / "bare"), signatures={})
    tf.saved_model.save(module, str(tmp_path / "hand"), signatures=module.__call__)
    ours = repair(tmp_path / "bare", tmp_path / "ours", Choices(), UNCOMPARED).output
    assert_the_same(ours, tmp_path / "hand", {"photo": fed([None, 3])})


@pytest.mark.parametrize("name", GRAPHS)
def test_of_a_graph(saved, tmp_path, name):
    import tensorflow as tf

    v1, (output, choices) = tf.compat.v1, GRAPHS[name]
    with tf.Graph().as_default() as graph, v1.Session() as session:
        v1.saved_model.loader.load(session, ["serve"], str(saved(name)))
        tensors = [graph.get_tensor_by_name(f"{item}:0") for item in ("x", output)]
        v1.saved_model.simple_save(
            session, str(tmp_path / "hand"), {"x": tensors[0]}, {output: tensors[1]}
        )
    ours = repair(saved(name), tmp_path / "ours", choices, UNCOMPARED).output
    assert_the_same(ours, tmp_path / "hand", {"x": fed([None, 4])})
