"""Products that are cut apart, and attention head by head."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising.products.attention_heads import separate_heads
from sigfix.optimising.products.product_cuts import compute_parts
from tests.optimising.graphs import frozen, noise, operators, run

N, C, H, D = 60, 8, 4, 32
"""Tokens, channels of the input, heads, channels of a head."""


def rows(x, width, seed, bias=True):
    """A dense layer over the tokens [B, N, C], as the passes before leave it."""
    flat = tf.matmul(tf.reshape(x, [-1, x.shape[-1]]), noise(x.shape[-1], width, seed=seed))
    return tf.nn.bias_add(flat, noise(width, seed=seed + 1)) if bias else flat


def unchanged(graph, x, rewrite, expected=1):
    before = run(graph, x)
    assert rewrite(graph) == expected
    np.testing.assert_allclose(run(graph, x), before, rtol=2e-5, atol=2e-5)
    return operators(graph)


def last_columns(x):
    whole = tf.reshape(rows(x, 12, 1), [-1, N, 3, 4])
    return tf.concat([whole[:, :, 2, :2], whole[:, :, 0, 1:3]], -1)


def split_in_three(x):
    q, k, v = tf.split(tf.reshape(rows(x, 12, 1, bias=False), [-1, N, 12]), 3, 2)
    return q + k * v


def numbers_first(x):
    """Fused queries, keys and values as timm and torchvision have them."""
    turned = tf.transpose(tf.reshape(rows(x, 24, 1), [-1, N, 3, 2, 4]), [2, 0, 3, 1, 4])
    return turned[0] + turned[1] * turned[2]


def numbers_unpacked(x):
    turned = tf.transpose(tf.reshape(rows(x, 24, 1), [-1, N, 3, 2, 4]), [2, 0, 3, 1, 4])
    q, k, v = tf.unstack(turned)
    return q + k * v


@pytest.mark.parametrize("build", [last_columns, split_in_three, numbers_first, numbers_unpacked])
def test_a_part_is_computed_with_its_own_columns(build):
    graph = frozen(build, None, N, C)
    found = unchanged(graph, noise(3, N, C), compute_parts)
    assert found["StridedSlice"] == found["Split"] == 0
    assert found["MatMul"] == (2 if build is last_columns else 3)


def read_whole_too(x):
    whole = tf.reshape(rows(x, 12, 1), [-1, N, 12])
    return whole[:, :, 4:] + tf.reduce_max(whole)


def overlapping(x):
    whole = tf.reshape(rows(x, 12, 1), [-1, N, 12])
    return whole[:, :, 4:] + whole[:, :, :8]


def cut_rows(x):
    return tf.reshape(rows(x, 12, 1), [-1, N, 12])[:, 1:, 2:]


@pytest.mark.parametrize("build", [read_whole_too, overlapping, cut_rows])
def test_what_would_be_computed_twice_or_cuts_rows_stays(build):
    unchanged(frozen(build, None, N, C), noise(3, N, C), compute_parts, expected=0)


def attention(x, scores=lambda s: s, adjoint=False, width=D):
    def heads(seed, order):
        return tf.transpose(tf.reshape(rows(x, H * width, seed), [-1, N, H, width]), order)

    queries, values = heads(1, [0, 2, 1, 3]), heads(5, [0, 2, 1, 3])
    if adjoint:
        product = tf.matmul(queries, heads(3, [0, 2, 1, 3]), transpose_b=True)
    else:
        product = tf.matmul(queries, heads(3, [0, 2, 3, 1]))
    mixed = tf.matmul(tf.nn.softmax(scores(product * 0.05)), values)
    return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [-1, H * width])


def fused(x):
    three = tf.reshape(rows(x, 3 * H * D, 1), [-1, N, 3, H, D])
    q, k, v = tf.unstack(tf.transpose(three, [2, 0, 3, 1, 4]))
    weights = tf.nn.softmax(tf.matmul(q, k, transpose_b=True) * 0.05)
    return tf.reshape(tf.transpose(tf.matmul(weights, v), [0, 2, 1, 3]), [-1, N, H * D])


@pytest.mark.parametrize(
    "build",
    [
        attention,
        lambda x: attention(x, adjoint=True),
        lambda x: attention(x, lambda s: s + noise(1, 1, N, N)),
        lambda x: attention(x, lambda s: s + noise(H, N, N)),
        lambda x: attention(x, lambda s: s + noise(N)),
    ],
)
def test_every_head_has_products_of_its_own(build):
    found = unchanged(frozen(build, None, N, C), noise(2, N, C), separate_heads)
    assert (found["BatchMatMulV2"], found["Softmax"], found["ConcatV2"]) == (2 * H, H, 1)


def test_fused_queries_keys_and_values_come_apart_first():
    graph = frozen(fused, None, N, C)
    unchanged(graph, noise(2, N, C), compute_parts)
    found = unchanged(graph, noise(2, N, C), separate_heads)
    assert (found["MatMul"], found["BatchMatMulV2"], found["Unpack"]) == (3 * H, 2 * H, 0)


def weights_read_elsewhere(x):
    kept = []
    mixed = attention(x, lambda s: kept.append(s) or s)
    return mixed + tf.reduce_mean(kept[0])


def keys_from_elsewhere(x):
    return attention(x, lambda s: s * tf.reshape(x[:, :1, :1], [-1, 1, 1, 1]))


@pytest.mark.parametrize(
    "build",
    [lambda x: attention(x, width=8), weights_read_elsewhere, keys_from_elsewhere],
)
def test_small_products_and_what_others_read_stay(build):
    unchanged(frozen(build, None, N, C), noise(2, N, C), separate_heads, expected=0)
