"""Random steps that cut, turn, drop, add, join and broadcast axes: what a scale must not pass.

Most are made of three parts: something that a pass would move (a scale, a factor, a mean), a move
of axes, and something that would take it in. Images are [batch, height, width, channels], no side
smaller than two.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

LEAST, MOST = 2, 12
"""Sizes of an axis: below, there is nothing left to turn; above, networks grow for ever."""


def _axis(x, make, last=0.5):
    """Any axis but the batch, the last one most often; of more than one place, if there is one."""
    known = [a for a in range(1, len(x.shape)) if x.shape[a] > 1] or [len(x.shape) - 1]
    return known[-1] if make.chance(last) else int(make.random.choice(known))


def _at(axis, cut):
    return (*(slice(None),) * axis, cut)


def _cut(make, size):
    """A slice of an axis that leaves at least `LEAST` places; half of them take all, turned."""
    if make.chance():
        return slice([None, size - 1, -1][make.random.integers(3)], None, -1)
    while True:
        step = int(make.random.choice([1, 1, 1, 2, 3, -1, -2]))
        begin = None if make.chance() else int(make.random.integers(-size, size))
        end = None if make.chance() else int(make.random.integers(-size, size + 3))
        if len(range(*slice(begin, end, step).indices(size))) >= min(LEAST, size):
            return slice(begin, end, step)


# Moves of axes: from an image to a tensor of three to five axes.


def cut(make, x):
    axis = _axis(x, make)
    y = x[_at(axis, _cut(make, x.shape[axis]))]
    return cut(make, y) if make.chance(0.3) else y


def reversed_by_an_operator(make, x):
    return tf.reverse(x, [_axis(x, make) - (4 if make.chance() else 0)])


def dropped(make, x):
    axis = _axis(x, make)
    place = int(make.random.integers(-x.shape[axis], x.shape[axis]))
    if make.chance(0.3):
        return x[..., place] if axis == 3 else tf.unstack(x, axis=axis)[place]
    return x[_at(axis, place)]


def with_new_axis(make, x):
    axis = int(make.random.integers(1, 5))
    y = x[_at(axis, None)] if make.chance() else tf.expand_dims(x, axis - 5)
    kind = make.random.integers(4)
    if kind == 0:
        return tf.squeeze(y, [axis])
    if kind == 1:
        return y[_at(axis, 0)]
    return dropped(make, y[:, :, 0] if axis == 2 else x) if kind == 2 else y


def gathered(make, x):
    axis = _axis(x, make)
    size = x.shape[axis]
    places = make.random.permutation(size) if make.chance() else make.random.integers(0, size, size)
    return tf.gather(x, places.astype(np.int32), axis=axis - (4 if make.chance() else 0))


def rolled(make, x):
    axis = _axis(x, make)
    shift = int(make.random.integers(1, max(x.shape[axis], 2)))
    return tf.concat([x[_at(axis, slice(shift, None))], x[_at(axis, slice(shift))]], axis)


def a_part(make, x):
    """A part of a split that is not the first, of its own size."""
    axis = _axis(x, make)
    size = x.shape[axis]
    if size % 2 == 0 and make.chance():
        return tf.split(x, 2, axis)[1]
    first = int(make.random.integers(1, size))
    return tf.split(x, [first, size - first], axis - (4 if make.chance() else 0))[1]


def joined(make, x):
    """Parts, each done something to, in another order."""
    axis = _axis(x, make)
    size = x.shape[axis]
    first = int(make.random.integers(1, size))
    parts = tf.split(x, 2 if size % 2 == 0 and make.chance() else [first, size - first], axis)
    done = [p * make.noise(p.shape[-1]) if make.chance() else tf.nn.relu(p) for p in parts]
    return tf.concat(done[::-1], axis)


def stacked(make, x):
    axis = _axis(x, make)
    parts = tf.unstack(x, axis=axis)[:MOST]
    if make.chance():
        return tf.stack(parts[::-1], int(make.random.integers(1, 4)))
    return tf.concat([tf.expand_dims(tf.nn.relu(p), axis) for p in parts], axis)


def turned(make, x):
    return tf.transpose(x, (0, *(make.random.permutation(3) + 1)))


def reshaped(make, x):
    """Axes joined, or the same number of elements in other axes; the last one's size may stay."""
    _, h, w, c = x.shape
    kinds = [(h * w, c), (h, w * c), (w, h, c), (h, c, w), (c, h, w), (h * c, w), (h, w, 1, c)]
    return tf.reshape(x, [-1, *kinds[make.random.integers(len(kinds))]])


def mean(make, x):
    axis = _axis(x, make, 0.3)
    return (tf.reduce_mean if make.chance() else tf.reduce_max)(x, axis, keepdims=make.chance())


def broadcast(make, x):
    axis = _axis(x, make)
    row = x[_at(axis, slice(0, 1))]
    return tf.broadcast_to(row, tf.shape(x)) if make.chance() else x + row


def tiled(make, x):
    axis = _axis(x, make)
    half = x[_at(axis, slice(None, -(-x.shape[axis] // 2)))]
    return tf.tile(half, [2 if a == axis else 1 for a in range(4)])


def padded(make, x):
    axis = _axis(x, make)
    return tf.pad(x, [(1, 0) if a == axis else (0, 0) for a in range(4)])


MOVES = [
    *(cut, cut, cut, dropped, dropped),
    *(reversed_by_an_operator, with_new_axis, gathered, rolled, a_part, joined, stacked, turned),
    *(reshaped, mean, broadcast, tiled, padded),
]


# What a pass moves, in front, and what would take it in, behind; of any number of axes.


def scale(make, y):
    n = y.shape[-1]
    return y * make.noise(n) + make.noise(n) if make.chance() else make.noise(n) * y


def factor(make, y):
    return y * np.float32(0.3) if make.chance() else y / 3.0


def odd_scale(make, y):
    """Along any axes, with as many as it needs or fewer."""
    shape = [n if make.chance() else 1 for n in y.shape[1:]]
    shape = shape[int(make.random.integers(len(shape) + 1)) :]
    value = make.noise(*shape) if shape else np.float32(0.7)
    return [lambda: y + value, lambda: value - y, lambda: y * value][make.random.integers(3)]()


def rows(make, y):
    """A product of rows; as many columns as there were, mostly, so that sizes tell nothing."""
    n = y.shape[-1]
    outputs = n if make.chance(0.6) else int(make.random.choice([2, 3, 4]))
    weights, bias = make.noise(n, outputs), make.noise(outputs)
    if make.chance(0.3):
        return tf.matmul(y, weights) + bias
    made = tf.matmul(tf.reshape(y, [-1, n]), weights)
    made = made + bias if make.chance(0.7) else made
    return tf.reshape(made, [-1, *y.shape[1:-1], outputs])


def norm(make, y):
    return _normal(make, y, [-1])


def pointwise(make, y):
    kinds = [tf.nn.relu, tf.sigmoid, lambda v: v * tf.nn.relu6(v + 3.0) / 6.0]
    return kinds[make.random.integers(len(kinds))](y)


def _normal(make, x, axes):
    """A layer norm over `axes`, centred first or as `tf.nn.moments` has it; epsilon is large."""
    shape = [n if i - len(x.shape) in axes else 1 for i, n in enumerate(x.shape)][1:]
    gamma, beta = make.noise(*shape), make.noise(*shape)
    if make.chance(0.3):
        average, variance = tf.nn.moments(x, axes, keepdims=True)
        return tf.nn.batch_normalization(x, average, variance, beta, gamma, 0.1)
    centred = x - tf.reduce_mean(x, axes, keepdims=True)
    deviation = tf.math.rsqrt(tf.reduce_mean(tf.square(centred), axes, keepdims=True) + 0.1)
    return centred * deviation * gamma + beta


BEFORE = [scale, scale, factor, odd_scale, rows, pointwise]
AFTER = [scale, odd_scale, rows, rows, norm, factor]


def image(y):
    """A tensor of two to five axes as an image, whose axes have a size that others can work on."""
    if len(y.shape) > 4:
        y = tf.reshape(y, [-1, y.shape[1] * y.shape[2], *y.shape[3:]])
    while len(y.shape) < 4:
        y = tf.expand_dims(y, 1)
    y = y[tuple(slice(None, MOST if n and n > MOST else None) for n in y.shape)]
    return tf.tile(y, [1, *(2 if n == 1 else 1 for n in y.shape[1:])])


def moved(make, x, values):
    """Something to move, a move, and something that would take it in."""
    y = BEFORE[make.random.integers(len(BEFORE))](make, x)
    y = MOVES[make.random.integers(len(MOVES))](make, y)
    return image(AFTER[make.random.integers(len(AFTER))](make, y))


def stream_of_norms(make, x, values):
    """A sum that layer norms read, some of them behind a move."""
    y = rows(make, x)
    other = MOVES[make.random.integers(len(MOVES))](make, y)
    axes = list(range(1, len(other.shape)))
    level = tf.reshape(tf.reduce_mean(tf.square(norm(make, other)), axes), [-1, 1, 1, 1])
    return norm(make, y) + level


def odd_norm(make, x, values):
    """A layer norm over the rows, the columns, an image, or a channel of it."""
    axes = [[-3], [-2], [-1], [-3, -2], [-3, -2, -1], [-2, -1]][make.random.integers(6)]
    return _normal(make, x, axes)


def odd_batch_norm(make, x, values):
    """By hand, over any axis."""
    axis = int(make.random.integers(3))
    shape = [n if i == axis else 1 for i, n in enumerate(x.shape[1:])]
    while shape and shape[0] == 1 and make.chance():
        shape.pop(0)
    average, variance = make.noise(*shape), abs(make.noise(*shape)) + 0.2
    beta, gamma = make.noise(*shape), make.noise(*shape)
    return tf.nn.batch_normalization(x, average, variance, beta, gamma, 0.1)


def strided_kernel(make, x, values):
    """A convolution or a pool with any strides; cut afterwards, perhaps."""
    kernel = [min(int(make.random.choice([1, 2, 3])), n) for n in x.shape[1:3]]
    strides = [min(int(make.random.choice([1, 1, 2, 3])), max(n // 2, 1)) for n in x.shape[1:3]]
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
    y = scale(make, y) if make.chance() else y
    cuts = [slice(None, None, int(make.random.choice([1, 2, 3]))) for _ in range(2)]
    return image(y[:, cuts[0], cuts[1]] if make.chance() else y)


def flattened(make, x, values):
    """Channels first or last, into a dense layer, and made an image again."""
    y = tf.transpose(x, (0, 3, 1, 2)) if make.chance() else x
    size = int(np.prod(x.shape[1:]))
    y = tf.matmul(tf.reshape(y, [-1, size]), make.noise(size, 36) * 0.3)
    return tf.reshape(y, [-1, 3, 4, 3])


STEPS: list[Callable] = [
    *(moved,) * 14,
    *(stream_of_norms,) * 3,
    *(odd_norm, odd_batch_norm, flattened),
    *(strided_kernel,) * 3,
]
