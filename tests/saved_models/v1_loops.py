"""Loops as TensorFlow 1 wrote them, of a length that only the call tells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.saved_models.seeded import tensorflow
from tests.saved_models.tf1 import _tf1


def _saved(path: Path, compute: Callable) -> None:
    """A signature of `frames`, [batch, steps, 4], and `length`, [batch], with Enter and Exit."""
    tf = tensorflow()

    def build(v1):
        frames = v1.placeholder("float32", [None, None, 4], name="frames")
        length = v1.placeholder("int32", [None], name="length")
        found = tf.identity(compute(tf, v1, frames, length), name="found")
        make = v1.saved_model.signature_def_utils.predict_signature_def
        inputs = {"frames": frames, "length": length}
        used = {key: item for key, item in inputs.items() if item.consumers()}
        return {"serving_default": make(used, {"found": found})}

    tf.compat.v1.disable_control_flow_v2()
    try:
        _tf1(path, build, [["serve"]])
    finally:
        tf.compat.v1.enable_control_flow_v2()


def v1_masked_loop(path: Path) -> None:
    """A state that is kept where a sentence has ended."""

    def compute(tf, v1, frames, length):
        weight = v1.get_variable("w", [4, 3], initializer=v1.initializers.random_normal(seed=1))

        def body(step, state):
            new = tf.tanh(v1.matmul(frames[:, step], weight) + state)
            alive = tf.cast(step < length, tf.float32)[:, None]
            return step + 1, new * alive + state * (1.0 - alive)

        return v1.while_loop(
            lambda step, _: step < tf.shape(frames)[1], body,
            [0, tf.zeros([tf.shape(frames)[0], 3])],
            shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 3])],
        )[1]  # fmt: skip

    _saved(path, compute)


def v1_nested_loops(path: Path) -> None:
    """A loop within a loop, each over an axis of open length, with branches in it."""

    def compute(tf, v1, frames, _):
        scale = v1.get_variable("s", [4], initializer=v1.initializers.random_normal(seed=2))

        def outer(step, total):
            row = frames[:, step] * scale

            def inner(place, found):
                size = tf.cast(tf.shape(frames)[1], tf.float32)
                more = v1.cond(place % 2 > 0, lambda: row / size, lambda: tf.abs(row))
                return place + 1, found + more

            return step + 1, v1.while_loop(lambda p, _: p < step, inner, [0, total])[1]

        start = tf.zeros([tf.shape(frames)[0], 4])
        return v1.while_loop(lambda s, _: s < tf.shape(frames)[1], outer, [0, start])[1]

    _saved(path, compute)


def v1_lstm(path: Path) -> None:
    """An LSTM over sentences of their own lengths, as `dynamic_rnn` wrote it: TensorArrays."""

    def compute(tf, v1, frames, length):
        kernel = v1.get_variable("k", [7, 12], initializer=v1.initializers.random_normal(seed=3))
        count = tf.shape(frames)[1]
        batch = tf.shape(frames)[0]
        taken = tf.TensorArray(tf.float32, count, name="taken").unstack(
            tf.transpose(frames, [1, 0, 2])
        )
        given = tf.TensorArray(tf.float32, count, name="given", element_shape=[None, 3])

        def body(step, given, cell, hidden):
            gates = v1.matmul(tf.concat([taken.read(step), hidden], 1), kernel)
            i, j, f, o = tf.split(gates, 4, 1)
            new_cell = tf.sigmoid(f + 1.0) * cell + tf.sigmoid(i) * tf.tanh(j)
            new = tf.sigmoid(o) * tf.tanh(new_cell)
            alive = tf.tile((step < length)[:, None], [1, 3])
            new_cell, kept = tf.where(alive, new_cell, cell), tf.where(alive, new, hidden)
            return (
                step + 1,
                given.write(step, tf.where(alive, new, tf.zeros_like(new))),
                new_cell,
                kept,
            )

        zeros = tf.zeros([batch, 3])
        _, given, _, _ = v1.while_loop(
            lambda step, *_: step < count, body, [0, given, zeros, zeros],
            shape_invariants=[tf.TensorShape([]), tf.TensorShape(None), tf.TensorShape([None, 3]),
                              tf.TensorShape([None, 3])],
        )  # fmt: skip
        return tf.transpose(given.stack(), [1, 0, 2])

    _saved(path, compute)


def v1_scan(path: Path) -> None:
    """`tf.scan`: every sum on the way."""

    def compute(tf, v1, frames, _):
        turned = tf.transpose(frames, [1, 0, 2])
        found = tf.scan(lambda before, x: 0.5 * before + x, turned, tf.zeros_like(turned[0]))
        return tf.transpose(found, [1, 0, 2])

    _saved(path, compute)
