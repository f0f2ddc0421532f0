"""What moves scales and means past an operator: only where the last axis stays whole.

Every case has sizes at which an axis that is gone, turned round or new cannot be seen by its size.
"""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising import passes
from sigfix.optimising.graph import slices
from sigfix.optimising.scales import centring, scale_folding
from tests.optimising.graphs import frozen, noise, operators, run

N = 4
CUBE = (None, N, N, N)

MOVED = {
    "reversed": lambda x: x[..., ::-1],
    "reversed from a place": lambda x: x[..., N - 1 :: -1],
    "the last axis dropped": lambda x: x[..., 0],
    "the last axis dropped from behind": lambda x: x[..., -1],
    "dropped and reversed": lambda x: x[:, 0, :, ::-1],
    "a new last axis, and the old one reversed": lambda x: x[:, :, 0, ::-1, None][..., 0],
    "reversed by an operator": lambda x: tf.reverse(x, [-1]),
    "gathered in another order": lambda x: tf.gather(x, [1, 0, 3, 2], axis=-1),
    "the last axis in another place": lambda x: tf.transpose(x, (0, 3, 1, 2)),
    "rolled by two slices": lambda x: tf.concat([x[..., 1:], x[..., :1]], -1),
    "split and joined": lambda x: tf.concat(tf.split(x, [1, N - 1], -1)[::-1], -1),
    "tiled from a part": lambda x: tf.tile(x[..., :2], [1, 1, 1, 2]),
    "broadcast from one": lambda x: tf.broadcast_to(x[..., 1:2], tf.shape(x)),
    "the mean over it": lambda x: tf.reduce_mean(x, -1),
}
"""The channels are in other places afterwards, or are others."""

WHOLE = {
    "as it is": lambda x: x[:],
    "every other row": lambda x: x[:, ::2],
    "rows turned round": lambda x: x[:, ::-1, 1:],
    "a row": lambda x: x[:, 1],
    "the last row, by an ellipsis": lambda x: x[:, -1, ...],
    "all of the channels, said so": lambda x: x[:, :, :, 0:N],
    "all and more": lambda x: x[..., -N:100],
    "a new axis in front": lambda x: x[:, None, 0],
    "a slice": lambda x: tf.slice(x, [0, 1, 0, 0], [-1, 2, -1, N]),
}
"""The last axis has the same channels in the same places."""


def dense(x, outputs=5, seed=1):
    """Of rows, and rows again: what a scale of channels could be folded into."""
    size = x.shape[-1]
    shape = [-1, *x.shape[1:-1], outputs]
    return tf.reshape(tf.matmul(tf.reshape(x, [-1, size]), noise(size, outputs, seed=seed)), shape)


def layer_norm(x):
    centred = x - tf.reduce_mean(x, -1, keepdims=True)
    return centred * tf.math.rsqrt(tf.reduce_mean(tf.square(centred), -1, keepdims=True) + 0.1)


def scaled(move):
    return lambda x: dense(move(x * noise(N) + noise(N, seed=2)))


def normalised_twice(move):
    """A stream that is normalised as it is, and again after `move`."""

    def build(x):
        stream = dense(x, N)
        both = [tf.reshape(layer_norm(each), [-1, N]) for each in (stream, move(stream))]
        return tf.concat(both, 0)

    return build


def difference(graph, other):
    x = noise(2, *CUBE[1:], seed=3) + 0.5
    expected, found = run(graph, x), run(other, x)
    assert found.shape == expected.shape
    return np.abs(found - expected).max() / np.ptp(expected)


@pytest.mark.parametrize("build", [scaled, normalised_twice])
@pytest.mark.parametrize("name", [*MOVED, *WHOLE])
def test_one_pass_and_all_of_them_compute_the_same(name, build):
    graph = frozen(build((MOVED | WHOLE)[name]), *CUBE)
    changed = graph.copy()
    (scale_folding.fold_scales if build is scaled else centring.centre_streams)(changed)
    assert difference(graph, changed) < 1e-5
    assert difference(graph, passes.optimise_values(graph)) < 1e-5


@pytest.mark.parametrize("name", WHOLE)
def test_what_keeps_the_channels_is_still_passed(name):
    graph = frozen(scaled(WHOLE[name]), *CUBE)
    assert scale_folding.fold_scales(graph) >= 1
    assert "Mul" not in operators(graph)
    graph = frozen(normalised_twice(WHOLE[name]), *CUBE)
    assert centring.centre_streams(graph) == 2


def as_taken(x, spec):
    """(result of TensorFlow, result of what `slices` says of each axis)."""
    graph = frozen(lambda x: x[spec], *x.shape)
    (node,) = (n for n in graph.nodes.values() if n.op == "StridedSlice")
    cuts = slices.cuts_of(graph, node, x.ndim)
    sources = [cut.axis for cut in cuts if cut.axis is not None]
    assert sources == list(range(x.ndim))
    taken = x[tuple(cut.places() for cut in cuts if cut.axis is not None)]
    kept = [np.newaxis if c.axis is None else 0 if c.dropped else slice(None) for c in cuts]
    return run(graph, x), taken[tuple(kept)]


E, NEW = Ellipsis, None
SPECS = [
    (slice(None),),
    (slice(1, -1), slice(None, None, 2)),
    (E, slice(None, None, -1)),
    (0, E, -1),
    (E, NEW),
    (NEW, slice(1, None), E, NEW, 2),
    (slice(4, 0, -2), 1, slice(-3, None), 0),
    (E, slice(-2, None), NEW, slice(5, 1, -3)),
    (slice(0, 100), E, slice(-100, 3)),
    (-1, -2, -3, -4),
]


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_every_form_of_a_slice_is_read_as_tensorflow_means_it(spec):
    expected, found = as_taken(noise(3, 4, 5, 6), spec)
    np.testing.assert_array_equal(found, expected)
