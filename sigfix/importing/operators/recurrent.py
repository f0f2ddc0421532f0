"""LSTM, GRU and RNN: the equations of a step. `unrolling.py` has what they share.

The gates are ordered so that all that go through the same function come out of one call.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing.operators.registry import Node, onnx_operator
from sigfix.importing.operators.unrolling import (
    Layer,
    activations,
    initial_state,
    input_gates,
    read_layer,
    recurrent_matrix,
    results,
)


@onnx_operator("LSTM", 1, 7, 14, 22)
def lstm(
    node: Node,
    x: Any,
    weights: Any,
    recurrence: Any,
    bias: Any = None,
    lengths: Any = None,
    initial_h: Any = None,
    initial_c: Any = None,
    peepholes: Any = None,
) -> Any:
    """[T, B, I] -> ([T, D, B, H], [D, B, H], [D, B, H]); D directions, H hidden units.

    Equations: ONNX LSTM, gates input, output, forget, cell. T must be static; weights must be
    constants. Sequence lengths are refused here; peepholes, clipping and coupled gates before.
    """
    layer = read_layer(node, x, weights, recurrence, bias, lengths, gates=4)
    sigmoid, squash, squash_out = activations(layer, ("Sigmoid", "Tanh", "Tanh"))
    gates = input_gates(layer, layer.input_bias + layer.recurrent_bias)
    matrix, width = recurrent_matrix(layer, 0, 4), layer.width
    h, c = initial_state(layer, initial_h), initial_state(layer, initial_c)
    outputs = []
    for step in tf.split(gates, layer.steps, axis=0):
        z = step if h is None else step + tf.matmul(h, matrix)
        sigmoids, cell = tf.split(z, [3 * width, width], axis=-1)
        i, o, f = tf.split(sigmoid(sigmoids), 3, axis=-1)
        new = i * squash(cell)
        c = new if c is None else f * c + new
        h = o * squash_out(c)
        outputs.append(h)
    return results(layer, outputs, h, c)


@onnx_operator("GRU", 1, 3, 7, 14, 22)
def gru(
    node: Node,
    x: Any,
    weights: Any,
    recurrence: Any,
    bias: Any = None,
    lengths: Any = None,
    initial_h: Any = None,
) -> Any:
    """[T, B, I] -> ([T, D, B, H], [D, B, H]); D directions, H hidden units.

    Equations: ONNX GRU, gates update (z), reset (r), hidden, with the next state
    (1 - z) n + z h written as n + z (h - n). T must be static; weights must be constants.
    """
    layer = read_layer(node, x, weights, recurrence, bias, lengths, gates=3)
    sigmoid, squash = activations(layer, ("Sigmoid", "Tanh"))
    candidate = _reset_after if node.attributes.get("linear_before_reset", 0) else _reset_before
    bias_before, step = candidate(layer, sigmoid, squash)
    parts = tf.split(input_gates(layer, bias_before), [2 * layer.width, layer.width], axis=-1)
    h = initial_state(layer, initial_h)
    outputs = []
    for gates, hidden in zip(*(tf.split(p, layer.steps, axis=0) for p in parts), strict=True):
        z, n = step(gates, hidden, h)
        h = n - z * n if h is None else n + z * (h - n)
        outputs.append(h)
    return results(layer, outputs, h)


def _reset_before(layer: Layer, sigmoid: Any, squash: Any) -> tuple[Any, Any]:
    """n = squash(x Wn + (r h) Rn + both biases): the bias of the inputs, and a step's z and n."""
    gates_matrix, hidden_matrix = recurrent_matrix(layer, 0, 2), recurrent_matrix(layer, 2, 3)

    def step(gates: Any, hidden: Any, h: Any) -> tuple[Any, Any]:
        if h is not None:
            gates = gates + tf.matmul(h, gates_matrix)
        z, r = tf.split(sigmoid(gates), 2, axis=-1)
        if h is not None:
            hidden = hidden + tf.matmul(r * h, hidden_matrix)
        return z, squash(hidden)

    return layer.input_bias + layer.recurrent_bias, step


def _reset_after(layer: Layer, sigmoid: Any, squash: Any) -> tuple[Any, Any]:
    """n = squash(x Wn + bias + r (h Rn + bias)), as PyTorch and Keras have it; see above."""
    matrix, width = recurrent_matrix(layer, 0, 3), layer.width
    of_hidden = np.arange(layer.w.shape[1]) >= 2 * layer.hidden
    bias_before = layer.input_bias + np.where(of_hidden, 0, layer.recurrent_bias)
    own = layer.recurrent_bias[:, of_hidden].reshape(-1)
    bias = tf.constant(np.concatenate([np.zeros(2 * width, own.dtype), own]))

    def step(gates: Any, hidden: Any, h: Any) -> tuple[Any, Any]:
        if h is None:
            z, r = tf.split(sigmoid(gates), 2, axis=-1)
            return z, squash(hidden + r * tf.constant(own))
        product = tf.nn.bias_add(tf.matmul(h, matrix), bias)
        of_gates, of_state = tf.split(product, [2 * width, width], axis=-1)
        z, r = tf.split(sigmoid(gates + of_gates), 2, axis=-1)
        return z, squash(hidden + r * of_state)

    return bias_before, step


@onnx_operator("RNN", 1, 7, 14, 22)
def rnn(
    node: Node,
    x: Any,
    weights: Any,
    recurrence: Any,
    bias: Any = None,
    lengths: Any = None,
    initial_h: Any = None,
) -> Any:
    """[T, B, I] -> ([T, D, B, H], [D, B, H]); D directions, H hidden units.

    Equation: ONNX RNN. T must be static; weights must be constants.
    """
    layer = read_layer(node, x, weights, recurrence, bias, lengths, gates=1)
    (squash,) = activations(layer, ("Tanh",))
    gates = input_gates(layer, layer.input_bias + layer.recurrent_bias)
    matrix = recurrent_matrix(layer, 0, 1)
    h = initial_state(layer, initial_h)
    outputs = []
    for step in tf.split(gates, layer.steps, axis=0):
        h = squash(step if h is None else step + tf.matmul(h, matrix))
        outputs.append(h)
    return results(layer, outputs, h)
