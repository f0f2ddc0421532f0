"""A state as inputs and outputs: over several steps what TensorFlow computes with its variables."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
import tensorflow as tf

from sigfix.errors import ConversionError
from sigfix.exporting import reference, state_threading
from sigfix.exporting.freezing import freeze
from tests.exporting import test_state as models
from tests.keras_zoo.recurrent import FEATURES, STATEFUL

STEPS = 4


def written_twice(module, x):
    y = x * module.calls
    module.calls.assign_add(1.0)
    z = x * module.calls
    module.calls.assign_sub(tf.reduce_mean(x))
    return y + 10.0 * z + 100.0 * module.calls


def one_feeds_the_other(module, x):
    """No output depends on `scale` in this call, but on what `calls` becomes of it in the next."""
    y = x * module.calls
    before = module.calls.read_value()
    module.calls.assign(module.scale)
    module.scale.assign_add(before)
    return y


def read_in_a_loop(module, x):
    module.calls.assign_add(1.0)
    for _ in tf.range(3):
        x = x + module.calls
    return x


def read_in_a_branch(module, x):
    module.calls.assign_add(1.0)
    return tf.cond(tf.reduce_sum(x) > 0.0, lambda: x * module.calls, lambda: x - module.calls)


def the_state_itself(module, x):
    module.calls.assign_add(tf.reduce_sum(x))
    return module.calls.read_value()


def a_whole_number(module, x):
    return x * tf.cast(module.number.assign_add(2), tf.float32)


def around_a_loop(module, x):
    module.calls.assign_add(1.0)
    for _ in tf.range(3):
        x = x + module.calls
        module.calls.assign(module.calls * 1.5)
    x = x * module.calls
    module.calls.assign_sub(2.0)
    return x + module.calls


def two_in_a_loop(module, x):
    for _ in tf.range(3):
        before = module.calls.read_value()
        module.calls.assign(module.scale * 0.5 + before)
        module.scale.assign_add(before)
        x = x + module.scale * module.calls
    return x


def a_branch_in_a_loop(module, x):
    for _ in tf.range(4):
        if tf.reduce_sum(x) > 3.0:
            module.calls.assign_add(1.0)
            x = x - module.calls
        else:
            x = x + module.calls * 2.0
    return x * module.calls


def a_loop_in_a_branch(module, x):
    if tf.reduce_sum(x) > 0.0:
        for _ in tf.range(3):
            module.calls.assign_add(tf.reduce_mean(x))
        x = x + module.calls
    else:
        module.calls.assign(module.scale * 0.25)
    return x - module.calls


def a_constant_in_a_branch(module, x):
    if tf.reduce_sum(x) > 0.0:
        module.calls.assign_add(tf.reduce_mean(x))
    else:
        module.calls.assign(0.25)
    return x - module.calls


def a_function_in_a_loop(module, x):
    @tf.function
    def deeper(v):
        module.calls.assign_add(tf.reduce_max(v))
        return v * module.calls

    @tf.function
    def counted(v):
        return deeper(v) - module.calls

    for _ in tf.range(2):
        x = counted(x) + module.calls
    return x


def as_long_as_the_state_is_small(module, x):
    while module.calls < 9.0:
        module.calls.assign_add(2.0)
        x = x + module.calls
    module.calls.assign_sub(5.0)
    return x


def a_case(module, x):
    def add():
        module.calls.assign_add(1.0)
        return x * module.calls

    def double():
        module.calls.assign(module.calls * 2.0)
        return x

    return tf.switch_case(tf.cast(tf.reduce_max(x), tf.int32), [add, double, lambda: x - 1.0])


def a_loop_in_a_loop(module, x):
    for _ in tf.range(2):
        for _ in tf.range(2):
            module.calls.assign_add(1.0)
            x = x + module.calls
        module.table.assign(module.table + x[:1])
    return x + module.table[0] * module.calls


def one_after_the_other(module, x):
    for _ in tf.range(2):
        module.calls.assign_add(1.0)
    if tf.reduce_sum(x) > 0.0:
        module.calls.assign(module.calls * 3.0)
    y = x * module.calls
    for _ in tf.range(2):
        module.calls.assign_sub(0.5)
    return y - module.calls


LIFTED = [
    models.in_a_loop,
    models.in_a_branch,
    around_a_loop,
    two_in_a_loop,
    a_branch_in_a_loop,
    a_loop_in_a_branch,
    a_constant_in_a_branch,
    a_function_in_a_loop,
    as_long_as_the_state_is_small,
    a_case,
    a_loop_in_a_loop,
    one_after_the_other,
]


def written_by_a_condition(module, x):
    def small(y):
        return tf.reduce_sum(y) * 0.0 + module.calls.assign_add(1.0) < 5.0

    (found,) = tf.while_loop(small, lambda y: (y + module.calls,), (x,))
    return found


def a_row_in_a_loop(module, x):
    for _ in tf.range(2):
        module.table.scatter_update(tf.IndexedSlices(x[:1], tf.constant([1])))
        x = x + tf.reduce_sum(module.table.read_value(), 0)
    return x


class Numbered(models.Counting):
    """As `Counting`, with a whole number to count with."""

    def __init__(self, body):
        self.number = tf.Variable(3, name="number")
        super().__init__(body)


BODIES = [
    models.before_it_is_read,
    models.after_it_was_read,
    models.in_a_function,
    models.a_branch_by_the_state,
    written_twice,
    one_feeds_the_other,
    read_in_a_loop,
    read_in_a_branch,
    the_state_itself,
    a_whole_number,
]


def stepped(path, name, inputs):
    """What TensorFlow computes call by call, and what the frozen graph does of its own states."""
    frozen = freeze(path, "serving_default", states=True)
    function = tf.saved_model.load(str(path)).signatures["serving_default"]
    held = {state.input: state.start for state in frozen.states}
    expected, found = [], []
    for x in inputs:
        expected += [{key: value.numpy() for key, value in function(**{name: x}).items()}]
        fed = {name: x, **held}
        (answer,) = reference.run(frozen.graph, frozen.inputs, frozen.outputs, [fed])
        held = {state.input: answer.pop(state.output) for state in frozen.states}
        found.append(answer)
    return frozen, expected, found


def require_equal(expected, found):
    for one, other in zip(expected, found, strict=True):
        assert one.keys() == other.keys()
        for key, value in one.items():
            np.testing.assert_allclose(other[key], value, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("body", [*BODIES, *LIFTED], ids=lambda body: body.__name__)
def test_every_step_is_what_tensorflow_computes(body, tmp_path):
    module = Numbered(body)
    tf.saved_model.save(module, str(tmp_path / "m"), signatures={"serving_default": module.serve})
    inputs = [np.full((2, 3), number, np.float32) for number in (1, -2, 3, 0.5)]
    frozen, expected, found = stepped(tmp_path / "m", "x", inputs)
    require_equal(expected, found)
    two = (one_feeds_the_other, two_in_a_loop, a_loop_in_a_loop)
    assert len(frozen.states) == (2 if body in two else 1)
    assert not np.array_equal(expected[0]["y"], expected[-1]["y"])
    assert not any("Assign" in node.op for node in frozen.graph.nodes.values())


@pytest.mark.parametrize("keras", [pytest.param("tf_keras", marks=pytest.mark.matrix), "keras"])
@pytest.mark.parametrize(
    "name", ["lstm_stateful", *(pytest.param(n, marks=pytest.mark.matrix) for n in STATEFUL)]
)
def test_a_recurrent_model(name, keras, tmp_path):
    model = STATEFUL[name](import_module(keras))
    tf.saved_model.save(model, str(tmp_path / "m"))
    random = np.random.default_rng(3)
    inputs = [random.standard_normal((1, 1, FEATURES)).astype(np.float32) for _ in range(STEPS)]
    fed = next(iter(tf.saved_model.load(str(tmp_path / "m")).signatures["serving_default"]
                    .structured_input_signature[1]))  # fmt: skip
    frozen, expected, found = stepped(tmp_path / "m", fed, inputs)
    require_equal(expected, found)
    assert len(frozen.states) == (2 if name == "lstm_stateful" else 1)
    assert len({state.input for state in frozen.states}) == len(frozen.states)


@pytest.mark.parametrize("body", [models.before_it_is_read, models.in_a_loop, a_case])
def test_a_state_that_is_not_passed_on_is_seen(body, tmp_path, monkeypatch):
    """The check itself: with a write that is lost, the second step differs."""
    monkeypatch.setitem(state_threading.STEPS, "AssignAddVariableOp", "Mul")
    path = models.saved(body, tmp_path / "m")
    _, expected, found = stepped(path, "x", [np.zeros((2, 3), np.float32) + 0.3] * 2)
    with pytest.raises(AssertionError):
        require_equal(expected, found)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (written_by_a_condition, "'calls' is written inside of a loop"),
        (a_row_in_a_loop, "'table' is written by ResourceScatterUpdate"),
        (models.a_row_of_a_table, "'table' is written by ResourceScatterUpdate"),
        (models.only_counted, "nothing that this signature computes keeps a state"),
    ],
    ids=["condition", "row_in_a_loop", "row", "none"],
)
def test_what_cannot_be_is_named_and_not_offered(body, why, tmp_path):
    path = models.saved(body, tmp_path / "m")
    with pytest.raises(ConversionError, match=why):
        freeze(path, "serving_default", states=True)
    if body is models.only_counted:
        return
    with pytest.raises(ConversionError) as refused:
        freeze(path, "serving_default")
    assert "--state" not in refused.value.hint
