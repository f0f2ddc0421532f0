"""Random small networks of what the passes rewrite, in the ways that people write it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tests.optimising import random_axes

SIZE = (8, 12, 4)
SIZES = (SIZE, (4, 4, 4), (6, 6, 6), (5, 7, 3), (8, 4, 8), (3, 3, 3))
"""Height, width, channels: where they are equal, their size does not tell an axis."""
NHWC, NCHW = (0, 2, 3, 1), (0, 3, 1, 2)


class Maker:
    """Makes one network from one seed; images are [batch, height, width, channels].

    `steps` are those of this module's table, unless a caller wants others; `made` says afterwards
    which were taken.
    """

    def __init__(self, seed: int, steps: list[Callable] | None = None):
        self.random = np.random.default_rng(seed)
        self.steps = STEPS if steps is None else steps
        self.made: list[str] = []

    def noise(self, *shape):
        return self.random.normal(0, 0.5, shape).astype(np.float32)

    def network(self, x):
        """Ten random steps; each may read the result of any earlier one."""
        values = [x]
        while len(values) < 11:
            step = self.random.choice(self.steps)
            source = values[-1] if self.random.random() < 0.7 else self.pick(values)
            self.made.append(step.__name__)
            values.append(step(self, source, values))
        last = values[-1]
        flat = tf.reshape(last, [tf.shape(x)[0], np.prod(last.shape[1:3]), last.shape[-1]])
        return tf.concat([tf.reduce_mean(flat, 1), tf.reduce_max(flat, 1)], 1)

    def pick(self, values):
        return values[self.random.integers(len(values))]

    def chance(self, part=0.5):
        return self.random.random() < part


def convolution(make: Maker, x, values):
    outputs = int(make.random.choice([3, 4, 6]))
    kernel = min(int(make.random.choice([1, 2, 3])), *x.shape[1:3])
    weights = make.noise(kernel, kernel, x.shape[-1], outputs)
    y = tf.nn.conv2d(x, weights, 1, str(make.random.choice(["SAME", "VALID"])))
    return y + make.noise(outputs) if make.chance() else y


def foreign_convolution(make: Maker, x, values):
    """The way onnx-tf writes it, between other operators on NCHW tensors."""
    y = tf.transpose(x, NCHW)
    if make.chance():
        y = (y - make.noise(1, x.shape[-1], 1, 1)) * make.noise(1, x.shape[-1], 1, 1)
    y = tf.transpose(tf.pad(y, [[0, 0], [0, 0], [1, 1], [1, 1]]), NHWC)
    y = tf.nn.conv2d(y, make.noise(3, 3, x.shape[-1], 4), 1, "VALID")
    y = tf.nn.relu(tf.transpose(y, NCHW) + make.noise(4, 1, 1))
    parts = tf.split(y, 2, 1)
    return tf.transpose(tf.concat([parts[1], parts[0]], 1), NHWC)


def depthwise(make: Maker, x, values):
    return tf.nn.depthwise_conv2d(x, make.noise(3, 3, x.shape[-1], 1), [1, 1, 1, 1], "SAME")


def batch_norm(make: Maker, x, values):
    c = x.shape[-1]
    variance = abs(make.noise(c)) + 0.2
    y, *_ = tf.compat.v1.nn.fused_batch_norm(
        x, make.noise(c), make.noise(c), make.noise(c), variance, is_training=False
    )
    return tf.nn.relu(y) if make.chance() else y


def hard_swish(make: Maker, x, values):
    return x * tf.nn.relu6(x + 3.0) * np.float32(1 / 6)


def foreign_hard_swish(make: Maker, x, values):
    return x * tf.maximum(tf.minimum(x * np.float32(1 / 6) + 0.5, 1.0), 0.0)


def gelu(make: Maker, x, values):
    if make.chance(0.3):
        return 0.5 * x * (1.0 + tf.tanh(0.79788 * (x + 0.044715 * tf.pow(x, 3.0))))
    return 0.5 * x * (1.0 + tf.math.erf(x / np.float32(np.sqrt(2))))


def layer_norm(make: Maker, x, values):
    centred = x - tf.reduce_mean(x, -1, keepdims=True)
    scale = tf.math.rsqrt(tf.reduce_mean(tf.square(centred), -1, keepdims=True) + 0.1)
    return centred * scale * make.noise(x.shape[-1]) + make.noise(x.shape[-1])


def squeeze_and_excite(make: Maker, x, values):
    c = x.shape[-1]
    y = tf.nn.relu(tf.matmul(tf.reduce_mean(x, [1, 2]), make.noise(c, 3)) + make.noise(3))
    gate = tf.clip_by_value(tf.matmul(y, make.noise(3, c)) * 0.2 + 0.5, 0.0, 1.0)
    return x * tf.reshape(gate, [-1, 1, 1, c])


def residual(make: Maker, x, values):
    equal = [v for v in values if v.shape.as_list() == x.shape.as_list()]
    return x + make.pick(equal) * 0.5 if equal else x * make.noise(x.shape[-1])


def pool(make: Maker, x, values):
    if min(x.shape[1:3]) < 4:
        return tf.nn.relu(x)
    return (tf.nn.max_pool2d if make.chance() else tf.nn.avg_pool2d)(x, 2, 2, "VALID")


def transposed_convolution(make: Maker, x, values):
    """With a size computed at run time, and cropped afterwards."""
    if max(x.shape[1:3]) > 12:
        return pool(make, x, values)
    n = tf.shape(x)
    height, width = 2 * (n[1] - 1) + 3, 2 * (n[2] - 1) + 3
    weights = make.noise(3, 3, 3, x.shape[-1])
    y = tf.nn.conv2d_transpose(x, weights, tf.stack([n[0], height, width, 3]), 2, "VALID")
    y = tf.nn.relu(tf.slice(y, [0, 0, 1, 0], tf.stack([n[0], height - 1, width - 1, 3])))
    y.set_shape([None, 2 * x.shape[1], 2 * x.shape[2], 3])
    return y


def turned(make: Maker, x, values):
    """Height and width swapped, something done, and maybe swapped back."""
    y = tf.sigmoid(tf.transpose(x, (0, 2, 1, 3)) * 0.7) + 1.0
    return tf.transpose(y, (0, 2, 1, 3)) if make.chance() else y


def dense(make: Maker, x, values):
    """On three or four axes; as a product of many matrices, or of rows, as importers write it."""
    outputs = int(make.random.choice([3, 4]))
    weights = make.noise(x.shape[-1], outputs)
    if make.chance():
        return tf.nn.relu(tf.matmul(x, weights) + make.noise(outputs))
    y = tf.matmul(tf.reshape(x, [-1, x.shape[-1]]), weights) + make.noise(outputs)
    return tf.reshape(y, [tf.shape(x)[0], *x.shape[1:3], outputs])


def attention(make: Maker, x, values):
    """Two heads over the pixels, scaled, with a residual."""
    c = x.shape[-1]
    rows = tf.reshape(x, [-1, c])
    shape = [-1, x.shape[1] * x.shape[2], 2, 3]
    heads = [
        tf.transpose(tf.reshape(tf.matmul(rows, make.noise(c, 6)), shape), (0, 2, 1, 3))
        for _ in range(3)
    ]
    scores = tf.matmul(heads[0], heads[1], transpose_b=True) * np.float32(1 / np.sqrt(3))
    y = tf.transpose(tf.matmul(tf.nn.softmax(scores), heads[2]), (0, 2, 1, 3))
    y = tf.matmul(tf.reshape(y, [-1, 6]), make.noise(6, c)) + make.noise(c)
    return x + tf.reshape(y, [-1, *x.shape[1:]])


STEPS: list[Callable] = [
    dense,
    attention,
    convolution,
    foreign_convolution,
    foreign_convolution,
    depthwise,
    batch_norm,
    hard_swish,
    foreign_hard_swish,
    gelu,
    layer_norm,
    squeeze_and_excite,
    residual,
    pool,
    transposed_convolution,
    turned,
    *random_axes.STEPS,
]
