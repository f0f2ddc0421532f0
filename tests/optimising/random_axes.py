"""Random steps that cut, turn, drop, add, join and broadcast axes: what a scale must not pass.

Each takes and gives images [batch, height, width, channels], no side smaller than two.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

LEAST, MOST = 2, 16
"""Sizes of an axis: below, there is nothing left to turn; above, networks grow for ever."""


def _cut(make, size):
    """A random slice of an axis that leaves at least `LEAST` places."""
    while True:
        step = int(make.random.choice([1, 1, 1, 2, 3, -1, -2]))
        begin = None if make.chance() else int(make.random.integers(-size, size))
        end = None if make.chance() else int(make.random.integers(-size, size + 3))
        if len(range(*slice(begin, end, step).indices(size))) >= min(LEAST, size):
            return slice(begin, end, step)


def sliced(make, x, values):
    """Plain, with strides, from behind, turned round: one axis or several."""
    cuts = [_cut(make, n) if make.chance() else slice(None) for n in x.shape[1:]]
    if make.chance(0.3):
        return x[..., cuts[-1]]
    return x[(slice(None), *cuts)]


def scaled_and_sliced(make, x, values):
    """Where a scale and a shift of channels could be moved through a slice."""
    y = x * make.noise(x.shape[-1]) + make.noise(x.shape[-1])
    y = sliced(make, y, values)
    return tf.nn.conv2d(y, make.noise(1, 1, y.shape[-1], 4), 1, "VALID")


def reversed_axes(make, x, values):
    axes = [a for a in (1, 2, 3) if make.chance()] or [3]
    if make.chance():
        return tf.reverse(x, axes)
    return x[tuple(slice(None, None, -1 if a in axes else 1) for a in range(4))]


def dropped_axis(make, x, values):
    """One place of an axis is taken; the rest is worked on and gets an axis again."""
    axis = int(make.random.integers(1, 4))
    place = int(make.random.integers(-x.shape[axis], x.shape[axis]))
    y = x * make.noise(x.shape[-1]) if make.chance() else x
    y = y[(slice(None),) * axis + (place,)]
    y = on_three_axes(make, y)
    back = int(make.random.integers(1, 4))
    y = tf.expand_dims(y, back) if make.chance() else y[(slice(None),) * back + (None,)]
    return tf.tile(y, [1, *(2 if a == back else 1 for a in (1, 2, 3))])


def new_axis(make, x, values):
    """[batch, height, 1, width, channels] and the like: worked on, and the axis goes again."""
    axis = int(make.random.integers(1, 5))
    y = x[(slice(None),) * axis + (None,)]
    y = y * make.noise(y.shape[-1]) + make.noise(*y.shape[2:]) if make.chance() else tf.nn.relu(y)
    kind = make.random.integers(3)
    if kind == 0:
        return tf.squeeze(y, [axis])
    if kind == 1:
        return y[(slice(None),) * axis + (0,)]
    return tf.reduce_mean(y, axis)


def on_three_axes(make, y):
    """Something along the last of three axes, which may have been any axis before."""
    n = y.shape[-1]
    kind = make.random.integers(5)
    if kind == 0:
        return y * make.noise(n) + make.noise(n)
    if kind == 1:
        return tf.matmul(y, make.noise(n, int(make.random.choice([3, 4, n])))) + make.noise(1)
    if kind == 2:
        return _normal(make, y, [-1])
    if kind == 3:
        rows = tf.matmul(tf.reshape(y, [-1, n]), make.noise(n, 4)) + make.noise(4)
        return tf.reshape(rows, [-1, y.shape[1], 4])
    return tf.transpose(tf.nn.relu(y), (0, 2, 1)) * make.noise(y.shape[1])


def broadcast(make, x, values):
    """An operand that is smaller: along any axes, or with fewer of them."""
    shape = [n if make.chance() else 1 for n in x.shape[1:]]
    shape = shape[int(make.random.integers(len(shape) + 1)) :]
    value = make.noise(*shape) if shape else np.float32(0.7)
    kind = make.random.integers(5)
    if kind == 0:
        return x + value
    if kind == 1:
        return value - x
    if kind == 2:
        return x * value
    if kind == 3:
        row = x[:, :1] if make.chance() else x[..., 1:2]
        return x + row * value
    return tf.broadcast_to(x[:, :, :1], tf.shape(x)) * value


def gathered(make, x, values):
    axis = int(make.random.integers(1, 4))
    size = x.shape[axis]
    places = make.random.permutation(size) if make.chance() else make.random.integers(0, size, size)
    y = x * make.noise(x.shape[-1]) if make.chance() else x
    return tf.gather(y, places.astype(np.int32), axis=axis if make.chance() else axis - 4)


def rolled(make, x, values):
    axis = int(make.random.integers(1, 4))
    shift = int(make.random.integers(1, x.shape[axis]))
    before = (slice(None),) * axis
    return tf.concat([x[(*before, slice(shift, None))], x[(*before, slice(shift))]], axis)


def split_and_joined(make, x, values):
    """Unequal or equal parts, each worked on for itself, in another order."""
    axis = int(make.random.integers(1, 4))
    size = x.shape[axis]
    if size % 2 == 0 and make.chance():
        parts = tf.split(x, 2, axis)
    else:
        first = int(make.random.integers(1, size))
        parts = tf.split(x, [first, size - first], axis - 4 if make.chance() else axis)
    done = [p * make.noise(p.shape[-1]) if make.chance() else tf.nn.relu(p) for p in parts]
    return tf.concat(done[::-1], axis)


def unstacked(make, x, values):
    axis = int(make.random.integers(1, 4))
    parts = tf.unstack(x, axis=axis)
    if make.chance():
        return tf.stack(parts[::-1], axis)
    return tf.concat([tf.expand_dims(tf.nn.relu(p), axis) for p in parts[:MOST]], axis)


def _normal(make, x, axes):
    """A layer norm over `axes`, centred first or as `tf.nn.moments` has it; epsilon is large."""
    shape = [n if i - len(x.shape) in axes else 1 for i, n in enumerate(x.shape)][1:]
    gamma, beta = make.noise(*shape), make.noise(*shape)
    if make.chance():
        mean, variance = tf.nn.moments(x, axes, keepdims=True)
        return tf.nn.batch_normalization(x, mean, variance, beta, gamma, 0.1)
    centred = x - tf.reduce_mean(x, axes, keepdims=True)
    deviation = tf.math.rsqrt(tf.reduce_mean(tf.square(centred), axes, keepdims=True) + 0.1)
    return centred * deviation * gamma + beta


def odd_norm(make, x, values):
    """A layer norm over the rows, the columns, an image, or a channel of it."""
    axes = [[-3], [-2], [-1], [-3, -2], [-3, -2, -1], [-2, -1]][make.random.integers(6)]
    return _normal(make, x, axes)


def stream_of_norms(make, x, values):
    """A sum that several layer norms read, one of them behind a cut or a turn."""
    n = x.shape[-1]
    rows = tf.matmul(tf.reshape(x, [-1, n]), make.noise(n, n)) + make.noise(n)
    y = tf.reshape(rows, [-1, *x.shape[1:]])
    other = reversed_axes(make, y, values) if make.chance() else sliced(make, y, values)
    other = _normal(make, other, [-1])
    return _normal(make, y, [-1]) + tf.reduce_mean(other, [1, 2, 3], keepdims=True)


def odd_batch_norm(make, x, values):
    """By hand, over any axis."""
    axis = int(make.random.integers(3))
    shape = [n if i == axis else 1 for i, n in enumerate(x.shape[1:])]
    while shape and shape[0] == 1 and make.chance():
        shape.pop(0)
    mean, variance = make.noise(*shape), abs(make.noise(*shape)) + 0.2
    return tf.nn.batch_normalization(x, mean, variance, make.noise(*shape), make.noise(*shape), 0.1)


def strided_kernel(make, x, values):
    """A convolution or a pool with any strides; cut afterwards, perhaps."""
    kernel = [min(int(make.random.choice([1, 2, 3])), n) for n in x.shape[1:3]]
    strides = [min(int(make.random.choice([1, 1, 2, 3])), n // 2) for n in x.shape[1:3]]
    padding = str(make.random.choice(["SAME", "VALID"]))
    kind = make.random.integers(4)
    if kind == 0:
        y = tf.nn.conv2d(x, make.noise(*kernel, x.shape[-1], 4), strides, padding)
    elif kind == 1:
        y = tf.nn.max_pool2d(x, kernel, strides, padding)
    elif kind == 2:
        y = tf.nn.avg_pool2d(x, kernel, strides, padding)
    else:
        outputs = int(make.random.choice([1, 2])) if x.shape[-1] < MOST else 1
        weights = make.noise(*kernel, x.shape[-1], outputs)
        y = tf.raw_ops.DepthwiseConv2dNative(
            input=x, filter=weights, strides=[1, *strides, 1], padding=padding
        )
    y = y + make.noise(y.shape[-1]) if make.chance() else y
    cuts = [slice(None, None, int(make.random.choice([1, 2, 3]))) for _ in range(2)]
    return two_at_least(y[:, cuts[0], cuts[1]] if make.chance() else y)


def two_at_least(x):
    """Axes of one place are doubled."""
    return tf.tile(x, [1, *(2 if n == 1 else 1 for n in x.shape[1:])])


def flattened(make, x, values):
    """Channels first or last, into a dense layer, and made an image again."""
    y = tf.transpose(x, (0, 3, 1, 2)) if make.chance() else x
    size = int(np.prod(x.shape[1:]))
    y = tf.matmul(tf.reshape(y, [-1, size]), make.noise(size, 36) * 0.3)
    return tf.reshape(y, [-1, 3, 4, 3])


STEPS: list[Callable] = [
    sliced,
    scaled_and_sliced,
    reversed_axes,
    dropped_axis,
    new_axis,
    broadcast,
    gathered,
    rolled,
    split_and_joined,
    unstacked,
    odd_norm,
    stream_of_norms,
    odd_batch_norm,
    strided_kernel,
    strided_kernel,
    flattened,
]
