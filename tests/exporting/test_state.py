"""Models that write to variables: converted where no output depends on it, else refused."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.errors import ConversionError
from sigfix.exporting import reference
from sigfix.exporting.freezing import freeze, with_signature_names

SPEC = tf.TensorSpec([None, 3], tf.float32, "x")


class Counting(tf.Module):
    """Counts its calls, and may use the number in one way or another."""

    def __init__(self, body):
        super().__init__()
        self.calls = tf.Variable(1.0, name="calls")
        self.table = tf.Variable(tf.ones([4, 3]), name="table")
        self.scale = tf.Variable(2.0, name="scale")
        self.serve = tf.function(lambda x: {"y": body(self, x)}, input_signature=[SPEC])


def before_it_is_read(module, x):
    module.calls.assign_add(1.0)
    return x * module.calls


def after_it_was_read(module, x):
    y = x * module.calls
    module.calls.assign(module.calls * 2.0)
    return y


def in_a_function(module, x):
    @tf.function
    def count(v):
        module.calls.assign_add(1.0)
        return v * module.calls

    return count(x)


def in_a_loop(module, x):
    for _ in tf.range(3):
        module.calls.assign_add(1.0)
        x = x * module.calls
    return x


def in_a_branch(module, x):
    if tf.reduce_sum(x) > 0.0:
        module.calls.assign_add(1.0)
    return x + module.calls


def a_row_of_a_table(module, x):
    module.table.scatter_update(tf.IndexedSlices(tf.zeros([1, 3]), tf.constant([1])))
    return x + tf.reduce_sum(module.table.read_value(), 0)


KEPT = [before_it_is_read, after_it_was_read, in_a_function, in_a_loop, in_a_branch]


def saved(body, path):
    module = Counting(body)
    tf.saved_model.save(module, str(path), signatures={"serving_default": module.serve})
    return path


@pytest.mark.parametrize("body", [*KEPT, a_row_of_a_table], ids=lambda body: body.__name__)
def test_a_state_is_refused_by_its_name(body, tmp_path):
    name = "calls" if body in KEPT else "table"
    with pytest.raises(ConversionError, match=f"keeps a state: '{name}' is read, and changed by"):
        freeze(saved(body, tmp_path / "model"), "serving_default")


def only_counted(module, x):
    module.calls.assign_add(1.0)
    return x * module.scale


def only_counted_in_a_function(module, x):
    @tf.function
    def count(v):
        module.calls.assign_add(tf.reduce_sum(v))
        return v * module.scale

    return count(x)


def only_counted_in_a_loop(module, x):
    for _ in tf.range(3):
        module.calls.assign_add(1.0)
        x = x * module.scale
    return x


@pytest.mark.parametrize(
    "body",
    [only_counted, only_counted_in_a_function, only_counted_in_a_loop],
    ids=lambda body: body.__name__,
)
def test_what_no_output_depends_on_goes(body, tmp_path):
    frozen = freeze(saved(body, tmp_path / "model"), "serving_default")
    x = np.ones((2, 3), np.float32)
    (result,) = reference.run(frozen.graph, frozen.inputs, frozen.outputs, [{"x": x}])
    np.testing.assert_allclose(result["y"], x * (8 if "loop" in body.__name__ else 2))
    assert not any("Assign" in node.op for node in frozen.graph.nodes.values())


def test_a_graph_that_tensorflow_does_not_accept_is_no_traceback():
    definition = tf.compat.v1.GraphDef()
    definition.node.add(name="x", op="Placeholder").attr["dtype"].type = 1
    definition.node.add(name="y", op="Relu", input=["x"]).attr["T"].type = 3
    with pytest.raises(ConversionError, match=r"not accept the frozen graph: .*node model/y "):
        with_signature_names(definition, {"x": tf.TensorSpec([2], tf.float32, "x")}, {"y": "y:0"})


def read_for_nothing(module, x):
    """As Keras 3 draws masks for dropout that it does not use: the state is read and written."""
    seed = tf.cast(module.calls.assign_add(1.0), tf.int32)
    tf.random.stateless_uniform(tf.shape(x), tf.stack([seed, seed]))
    module.calls.assign_add(tf.reduce_max(module.calls) * 0.0 + 1.0)
    return x * module.scale


def test_what_is_read_for_nothing_goes(tmp_path):
    frozen = freeze(saved(read_for_nothing, tmp_path / "model"), "serving_default")
    x = np.ones((2, 3), np.float32)
    (result,) = reference.run(frozen.graph, frozen.inputs, frozen.outputs, [{"x": x}])
    np.testing.assert_allclose(result["y"], x * 2)


def a_branch_by_the_state(module, x):
    """Constants alone in both branches: only which of them is taken depends on the state."""
    module.calls.assign_add(1.0)
    return x + tf.cond(module.calls > 2.0, lambda: tf.constant(1.0), lambda: tf.constant(2.0))


def a_function_in_a_branch_by_the_state(module, x):
    @tf.function
    def constant(number):
        return tf.constant([1.0, 2.0, 3.0]) * number

    module.calls.assign_add(1.0)
    return x + tf.cond(module.calls > 2.0, lambda: constant(1.0), lambda: constant(2.0))


@pytest.mark.parametrize("body", [a_branch_by_the_state, a_function_in_a_branch_by_the_state])
def test_a_branch_that_the_state_chooses_is_refused(body, tmp_path):
    with pytest.raises(ConversionError, match="keeps a state: 'calls' is read"):
        freeze(saved(body, tmp_path / "model"), "serving_default")
