"""LSTM over a static number of steps, unrolled: no control flow, any batch size.

Both directions run in one matrix product a step: the state is [forward | backward], and the
recurrent matrix is block-diagonal, which TF.js runs several times faster than a batched product
(100 products of [1, 256] x [256, 1024] take 4.5 ms in its WebAssembly backend, the batched form
24 ms). The input products of all steps are one product before the loop. The first step starts
from a zero state, so it needs neither a state tensor nor a recurrent product.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.onnx_tf_backend import as_array
from sigfix.importing.operators.registry import Node, onnx_operator

# ONNX stacks the gates input, output, forget, cell. Forget goes last of the sigmoids here, for no
# better reason than that i, o, f then come out of one split in the order in which they are used.
DEFAULT_ACTIVATIONS = ["Sigmoid", "Tanh", "Tanh"]


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

    Equations: ONNX LSTM with the default activations. T must be static; weights must be
    constants. Sequence lengths, peepholes, clipping and coupled gates are refused.
    """
    directions = _check(node, x, lengths, peepholes)
    hidden = int(node.attributes["hidden_size"])
    w = node.constant(weights, "weights")
    r = node.constant(recurrence, "recurrent weights")
    b = np.zeros((len(w), 8 * hidden), w.dtype) if bias is None else node.constant(bias, "bias")
    if node.attributes.get("layout", 0):
        x = layout.transpose(x, (1, 0, 2))
        initial_h, initial_c = (
            s if s is None else tf.transpose(s, (1, 0, 2)) for s in (initial_h, initial_c)
        )
    steps = int(x.shape[0])
    gates = _input_gates(x, w, b, directions)
    states = [_initial_state(s) for s in (initial_h, initial_c)]
    outputs, h, c = _unroll(tf.split(gates, steps, axis=0), _block_diagonal(r), states)
    sequence = _in_time_order(tf.concat(outputs, axis=0), steps, hidden, directions)
    y = layout.transpose(tf.reshape(sequence, [steps, -1, len(w), hidden]), (0, 2, 1, 3))
    last_h, last_c = (
        layout.transpose(tf.reshape(s, [-1, len(w), hidden]), (1, 0, 2)) for s in (h, c)
    )
    if node.attributes.get("layout", 0):
        y = layout.transpose(y, (2, 0, 1, 3))
        last_h, last_c = (layout.transpose(s, (1, 0, 2)) for s in (last_h, last_c))
    return (y, last_h, last_c)[: node.output_count]


def _check(node: Node, x: Any, lengths: Any, peepholes: Any) -> list[bool]:
    """Refuse what is not implemented; return for each direction whether it runs backwards."""
    time_axis = 1 if node.attributes.get("layout", 0) else 0
    if x.shape[time_axis] is None:
        raise node.refuse("the number of steps is dynamic; export with a fixed sequence length")
    if peepholes is not None:
        raise node.refuse("peephole connections are not supported")
    if node.attributes.get("clip") or node.attributes.get("input_forget", 0):
        raise node.refuse("clipping and coupled gates are not supported")
    if lengths is not None:
        known = as_array(lengths)
        if known is None or (known != x.shape[time_axis]).any():
            raise node.refuse("sequences of different lengths are not supported")
    direction = node.text("direction", "forward")
    directions = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}[direction]
    activations = [
        a.decode() if isinstance(a, bytes) else a for a in node.attributes.get("activations") or []
    ]
    if activations and activations != DEFAULT_ACTIVATIONS * len(directions):
        raise node.refuse(f"activations {activations}; only the default ones are supported")
    return directions


def _side_by_side(parts: list[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """[..., 4H] of each direction -> [..., 4 * D * H], gate by gate, directions within a gate."""
    gates = [np.split(p, 4, axis=-1) for p in parts]
    return np.concatenate([g[k] for k in range(4) for g in gates], axis=-1)


def _input_gates(
    x: Any, w: np.ndarray[Any, Any], b: np.ndarray[Any, Any], directions: list[bool]
) -> Any:
    """x W' + b of all steps and directions: [T * B, 4 * D * H], a backward direction reversed."""
    bias = b[:, : b.shape[1] // 2] + b[:, b.shape[1] // 2 :]
    if not any(directions) or all(directions):
        flat = tf.reshape(x, [-1, w.shape[2]])
        if all(directions):
            steps = x.shape[0]
            flat = tf.reshape(_reversed(tf.reshape(x, [steps, -1]), steps), [-1, w.shape[2]])
        return tf.nn.bias_add(tf.matmul(flat, tf.constant(w[0].T.copy())), tf.constant(bias[0]))
    flat = tf.reshape(x, [-1, w.shape[2]])
    matrix = _side_by_side([w[0].T, w[1].T])
    gates = tf.nn.bias_add(
        tf.matmul(flat, tf.constant(matrix)), tf.constant(_side_by_side([bias[0], bias[1]]))
    )
    # Turning the gates round, not x before the product, keeps the matrix at half the size.
    backward = np.tile(np.repeat([0, 1], w.shape[1] // 4), 4)
    return tf.reshape(_columns_reversed(gates, x.shape[0], backward), [-1, matrix.shape[1]])


def _reversed(sequence: Any, steps: int) -> Any:
    """[T, N] from the last step to the first, as a product with the exchange matrix.

    It is exact, and in TF.js's WebAssembly backend ten times faster than ReverseV2.
    """
    exchange = np.eye(steps, dtype=sequence.dtype.as_numpy_dtype)[::-1].copy()
    return tf.matmul(tf.constant(exchange), sequence)


def _columns_reversed(flat: Any, steps: int, backward: np.ndarray[Any, Any]) -> Any:
    """[T * B, C] -> [T, B, C] with the columns where `backward` is 1 in reversed step order."""
    wide = tf.reshape(flat, [steps, -1])
    shape = [steps, -1, len(backward)]
    reverse = backward.astype(flat.dtype.as_numpy_dtype)
    turned = tf.reshape(_reversed(wide, steps), shape) * tf.constant(reverse)
    return tf.reshape(flat, shape) * tf.constant(1 - reverse) + turned


def _block_diagonal(r: np.ndarray[Any, Any]) -> Any:
    """[D, 4H, H] -> [D * H, 4 * D * H]."""
    if len(r) == 1:
        return tf.constant(r[0].T.copy())
    zeros = np.zeros_like(r[0].T)
    return tf.constant(
        _side_by_side([np.concatenate([r[0].T, zeros]), np.concatenate([zeros, r[1].T])])
    )


def _initial_state(state: Any) -> Any | None:
    """[D, B, H] -> [B, D * H], or None for zeros."""
    if state is None or is_zero(state):
        return None
    turned = tf.transpose(state, (1, 0, 2))
    return tf.reshape(turned, [-1, state.shape[0] * state.shape[2]])


def is_zero(tensor: Any) -> bool:
    """Whether every element is zero whatever the batch size: a fill with zero, however cut."""
    value = as_array(tensor)
    if value is not None:
        return not value.any()
    operation = tensor.op
    if operation.type == "Fill":
        return is_zero(operation.inputs[1])
    cuts = (
        "Slice",
        "StridedSlice",
        "Identity",
        "Reshape",
        "Transpose",
        "ExpandDims",
        "Squeeze",
        "Tile",
        "BroadcastTo",
    )
    return operation.type in cuts and is_zero(operation.inputs[0])


def _unroll(
    gates: list[Any], recurrence: Any, states: list[Any | None]
) -> tuple[list[Any], Any, Any]:
    """Hidden state after each step [B, D * H], and the last h and c."""
    width = recurrence.shape[0]
    h, c = states
    outputs = []
    for step in gates:
        z = step if h is None else step + tf.matmul(h, recurrence)
        sigmoids, cell = tf.split(z, [3 * width, width], axis=-1)
        i, o, f = tf.split(tf.sigmoid(sigmoids), 3, axis=-1)
        new = i * tf.tanh(cell)
        c = new if c is None else f * c + new
        h = o * tf.tanh(c)
        outputs.append(h)
    return outputs, h, c


def _in_time_order(flat: Any, steps: int, hidden: int, directions: list[bool]) -> Any:
    """[T * B, D * H] in processing order -> [T, B, D * H] with backward directions turned round."""
    if not any(directions):
        return tf.reshape(flat, [steps, -1, hidden])
    backward = np.repeat([int(d) for d in directions], hidden)
    return _columns_reversed(flat, steps, backward)
