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
    run_steps,
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

    Equations: ONNX LSTM, gates input, output, forget, cell. Weights must be constants.
    Clipping and coupled gates are refused before.
    """
    layer = read_layer(node, x, weights, recurrence, bias, lengths, gates=4)
    sigmoid, squash, squash_out = activations(layer, ("Sigmoid", "Tanh", "Tanh"))
    gates = input_gates(layer, layer.input_bias + layer.recurrent_bias)
    matrix, width = recurrent_matrix(layer, 0, 4), layer.width
    h, c = initial_state(layer, initial_h), initial_state(layer, initial_c)
    looks = None if peepholes is None else _peepholes(layer, peepholes)

    def step(parts: list[Any], states: list[Any]) -> list[Any]:
        (own,), (h, c) = parts, states
        z = own if h is None else own + tf.matmul(h, matrix)
        if looks is not None:
            i, o, f, cell = tf.split(z, 4, axis=-1)
            if c is not None:
                i, f = i + looks[0] * c, f + looks[2] * c
            new = sigmoid(i) * squash(cell)
            c = new if c is None else sigmoid(f) * c + new
            return [sigmoid(o + looks[1] * c) * squash_out(c), c]
        sigmoids, cell = tf.split(z, [3 * width, width], axis=-1)
        i, o, f = tf.split(sigmoid(sigmoids), 3, axis=-1)
        new = i * squash(cell)
        c = new if c is None else f * c + new
        return [o * squash_out(c), c]

    outputs, last = run_steps(layer, [gates], step, [h, c])
    return results(layer, outputs, *last)


def _peepholes(layer: Layer, weights: Any) -> list[Any]:
    """What the input, output and forget gates see of the cell: [D * H] each, from [D, 3 * H]."""
    given = layer.node.fixed(weights, 7)
    return [tf.constant(part.reshape(-1)) for part in np.split(given, 3, axis=1)]


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
    (1 - z) n + z h written as n + z (h - n). Weights must be constants.
    """
    layer = read_layer(node, x, weights, recurrence, bias, lengths, gates=3)
    sigmoid, squash = activations(layer, ("Sigmoid", "Tanh"))
    candidate = _reset_after if node.attributes.get("linear_before_reset", 0) else _reset_before
    bias_before, step = candidate(layer, sigmoid, squash)
    parts = tf.split(input_gates(layer, bias_before), [2 * layer.width, layer.width], axis=-1)

    def turn(own: list[Any], states: list[Any]) -> list[Any]:
        (h,) = states
        z, n = step(*own, h)
        return [n - z * n if h is None else n + z * (h - n)]

    outputs, last = run_steps(layer, parts, turn, [initial_state(layer, initial_h)])
    return results(layer, outputs, *last)


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

    Equation: ONNX RNN. Weights must be constants.
    """
    layer = read_layer(node, x, weights, recurrence, bias, lengths, gates=1)
    (squash,) = activations(layer, ("Tanh",))
    gates = input_gates(layer, layer.input_bias + layer.recurrent_bias)
    matrix = recurrent_matrix(layer, 0, 1)

    def step(parts: list[Any], states: list[Any]) -> list[Any]:
        (own,), (h,) = parts, states
        return [squash(own if h is None else own + tf.matmul(h, matrix))]

    outputs, last = run_steps(layer, [gates], step, [initial_state(layer, initial_h)])
    return results(layer, outputs, *last)
