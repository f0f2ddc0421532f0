"""Random loops, as TensorFlow 1 and 2 write them: any counter, lists, branches, loops in loops."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import convert_to_constants

from sigfix.exporting.freezing import with_signature_names
from sigfix.optimising.graph.graph import Graph
from tests.optimising.graphs import frozen

WIDTH = 4


class LoopMaker:
    """Makes one network of loops from one seed, over rows [batch, WIDTH].

    `unknown` says how often a loop ends by what it computes; then nobody knows its steps before.
    """

    def __init__(self, seed: int, unknown: float = 0.0):
        self.seed, self.unknown = seed, unknown

    def network(self, x):
        self.random = np.random.default_rng(self.seed)
        for _ in range(self.random.integers(1, 4)):
            x = self.loop(x, 1)
        return x

    def noise(self, *shape):
        return self.random.normal(0, 0.5, shape).astype(np.float32)

    def loop(self, x, depth):
        """A loop of no steps to six, with a list that it reads and one that it writes."""
        start, after, more, steps = self.counter()
        read = (
            tf.TensorArray(tf.float32, steps, infer_shape=True).unstack(
                tf.stack([x * number for number in self.noise(max(steps, 1))])[:steps]
            )
            if steps
            else None
        )
        written = tf.TensorArray(tf.float32, max(steps, 1), element_shape=[None, WIDTH])
        places = [int(p) for p in self.random.permutation(max(steps, 1))]
        body = [self.pick(BODY) for _ in range(self.random.integers(1, 4))]
        seeds = [int(s) for s in self.random.integers(1 << 30, size=len(body))]
        limit = float(self.random.uniform(1, 4)) if self.random.random() < self.unknown else None

        def goes_on(number, count, value, out):
            known = more(number)
            if limit is None:
                return known
            return tf.logical_and(known, tf.reduce_sum(tf.abs(value)) < limit)

        def step(number, count, value, out):
            for function, seed in zip(body, seeds, strict=True):
                self.random = np.random.default_rng(seed)
                value = function(self, value, count, depth)
            if read is not None:
                value = value + read.read(count) * 0.3
            out = out.write(tf.gather(places, count), value)
            return after(number), count + 1, value, out

        was = self.random
        _, _, value, out = tf.while_loop(
            goes_on, step, [start, tf.constant(0), x, written], parallel_iterations=1
        )
        self.random = was
        value.set_shape([None, WIDTH])
        if steps and limit is None:
            value = value * 0.5 + tf.reduce_mean(out.stack(), 0)
        return value

    def counter(self):
        """(start, what comes after a number, whether to go on at it, how many steps that is)."""
        steps = int(self.random.integers(0, 7))
        by = int(self.random.integers(1, 4))
        kinds = {
            "up": (tf.constant(2), lambda n: n + by, lambda n: n < 2 + by * steps),
            "down": (tf.constant(by * steps), lambda n: n - by, lambda n: n > 0),
            "wide": (
                tf.constant(0, tf.int64),
                lambda n: n + 1,
                lambda n: tf.logical_and(n < 100, tf.cast(n, tf.int32) < steps),
            ),
            "double": (tf.constant(1), lambda n: n * 2, lambda n: n < 2**steps),
            "fraction": (tf.constant(0.0), lambda n: n + 0.5, lambda n: n * 2.0 < float(steps)),
            "flag": (
                tf.constant([True] * steps + [False]),
                lambda flags: tf.concat([flags[1:], [False]], 0),
                lambda flags: flags[0],
            ),
        }
        return (*self.pick(list(kinds.values())), steps)

    def pick(self, items):
        return items[self.random.integers(len(items))]


def dense(make: LoopMaker, x, count, depth):
    return tf.tanh(tf.matmul(x, make.noise(WIDTH, WIDTH)) + make.noise(WIDTH))


def scaled_by_the_step(make: LoopMaker, x, count, depth):
    return x * (tf.cast(count, tf.float32) * 0.2 + 0.5)


def gates(make: LoopMaker, x, count, depth):
    a, b = tf.split(tf.matmul(x, make.noise(WIDTH, 2 * WIDTH)), 2, axis=1)
    return tf.sigmoid(a) * tf.tanh(b)


def branch_of_the_step(make: LoopMaker, x, count, depth):
    weights = make.noise(WIDTH, WIDTH)
    return tf.cond(tf.equal(count % 2, 0), lambda: tf.matmul(x, weights), lambda: x + 0.1)


def branch_of_the_value(make: LoopMaker, x, count, depth):
    """Which is known at run time only: with constants of its own."""
    return tf.cond(
        tf.reduce_sum(x) > 0.0,
        lambda: x * 0.9,
        lambda: x + tf.fill([1, WIDTH], 0.25),
    )


def inner_loop(make: LoopMaker, x, count, depth):
    return make.loop(x, depth + 1) if depth < 2 else tf.nn.relu(x)


def inner_loop_of_the_step(make: LoopMaker, x, count, depth):
    """As many steps as the outer loop has done."""
    weights = make.noise(WIDTH, WIDTH)
    _, result = tf.while_loop(
        lambda i, v: i < count,
        lambda i, v: (i + 1, tf.tanh(tf.matmul(v, weights))),
        [tf.constant(0), x],
    )
    result.set_shape([None, WIDTH])
    return result


BODY: list[Callable] = [
    dense,
    dense,
    scaled_by_the_step,
    gates,
    branch_of_the_step,
    branch_of_the_value,
    inner_loop,
    inner_loop_of_the_step,
]


def lowered(build: Callable, *shape: int | None) -> Graph:
    """The graph of `build(x)` as TensorFlow 2 writes it, with its loops lowered to frames."""
    spec = tf.TensorSpec(shape, tf.float32, "x")
    function = tf.function(build, autograph=False).get_concrete_function(spec)
    plain = convert_to_constants.convert_variables_to_constants_v2(function)
    (output,) = plain.outputs
    inputs = {"x": tf.TensorSpec(shape, tf.float32, plain.inputs[0].op.name)}
    return with_signature_names(plain.graph.as_graph_def(), inputs, {"y": output.name}).graph


def of_tensorflow_1(build: Callable, *shape: int | None) -> Graph:
    """The graph of `build(x)` with TensorFlow 1's loops, branches and TensorArrays."""
    tf.compat.v1.disable_control_flow_v2()
    try:
        return frozen(build, *shape)
    finally:
        tf.compat.v1.enable_control_flow_v2()
