"""What LSTM, GRU and RNN share: a static number of steps, unrolled, with any batch size.

There is no control flow; where the number of steps is dynamic, the same step is the body of a loop
(`looping.py`). Both directions run in one matrix product a step: the state is
[forward | backward], and the recurrent matrix is block-diagonal, which TF.js runs several times
faster than a batched product (100 products of [1, 256] x [256, 1024] take 4.5 ms in its
WebAssembly backend, the batched form 24 ms). The input products of all steps are one product
before the loop. The first step starts from a zero state, so it needs neither a state tensor nor a
recurrent product. T is the number of steps, B the batch, D the directions, H the hidden units and
G the gates of an operator; a tensor of gates has those of both directions side by side, gate by
gate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.operators.looping import repeated
from sigfix.importing.operators.registry import Node
from sigfix.importing.static_values import as_array

Array = np.ndarray[Any, Any]
# By ONNX's names, which it compares without regard to case; `preflight.py` refuses others.
ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "relu": tf.nn.relu,
    "sigmoid": tf.sigmoid,
    "tanh": tf.tanh,
}
Step = Callable[[list[Any], list[Any]], list[Any]]
DIRECTIONS = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}


@dataclass(frozen=True)
class Layer:
    """A recurrent node: its input [T, B, I], and its weights as ONNX has them.

    `w` is [D, G * H, I], `r` [D, G * H, H], both biases [D, G * H]. `backward` says of each
    direction whether it runs from the last step to the first. `lengths` are the steps of each
    sequence ([B], int32), None where all have as many as there are.
    """

    node: Node
    x: Any
    w: Array
    r: Array
    input_bias: Array
    recurrent_bias: Array
    backward: list[bool]
    gates: int
    lengths: Any = None

    @property
    def steps(self) -> int | None:
        """The number of steps: T; None where it is dynamic."""
        known = self.x.shape[0]
        return None if known is None else int(known)

    @property
    def hidden(self) -> int:
        """The number of hidden units: H."""
        return int(self.r.shape[2])

    @property
    def width(self) -> int:
        """The size of the state: D * H."""
        return len(self.backward) * self.hidden

    @property
    def batch_first(self) -> bool:
        """Whether ONNX's tensors have the batch before the steps (`layout` 1)."""
        return bool(self.node.attributes.get("layout", 0))


def read_layer(
    node: Node, x: Any, weights: Any, recurrence: Any, bias: Any, lengths: Any, gates: int
) -> Layer:
    """The layer of a node."""
    time_axis = 1 if node.attributes.get("layout", 0) else 0
    known, steps = None if lengths is None else as_array(lengths), x.shape[time_axis]
    if known is not None and steps is not None and (known == steps).all():
        lengths = None
    w, r = node.fixed(weights, 1), node.fixed(recurrence, 2)
    b = np.zeros((len(w), 2 * w.shape[1]), w.dtype) if bias is None else node.fixed(bias, 3)
    backward = DIRECTIONS[node.text("direction", "forward")]
    if time_axis:
        x = layout.transpose(x, (1, 0, 2))
    input_bias, recurrent_bias = np.split(b, 2, axis=1)
    return Layer(node, x, w, r, input_bias, recurrent_bias, backward, gates, lengths)


def activations(layer: Layer, defaults: tuple[str, ...]) -> list[Callable[[Any], Any]]:
    """The functions of a direction, in ONNX's order (f, g, h). Both must have the same ones."""
    given = layer.node.attributes.get("activations")
    if not given:
        return [ACTIVATIONS[name.lower()] for name in defaults]
    names = [(a.decode() if isinstance(a, bytes) else a).lower() for a in given]
    count = len(defaults)
    if names != names[:count] * len(layer.backward):
        raise layer.node.refuse(f"directions with different activations: {', '.join(names)}")
    return [ACTIVATIONS[name] for name in names[:count]]


def side_by_side(parts: list[Array], gates: int) -> Array:
    """[..., G * H] of each direction -> [..., G * D * H]."""
    split = [np.split(part, gates, axis=-1) for part in parts]
    return np.concatenate([of[gate] for gate in range(gates) for of in split], axis=-1)


def input_gates(layer: Layer, bias: Array) -> Any:
    """x W' + bias ([D, G * H]) of all steps: [T * B, G * D * H], a backward direction reversed."""
    matrices = [w.T for w in layer.w]
    if all(layer.backward):
        if layer.steps is None:
            turned = tf.reverse(layer.x, [0])
        else:
            turned = _reversed(tf.reshape(layer.x, [layer.steps, -1]), layer.steps)
        return _product(turned, matrices[0].copy(), bias[0])
    if not any(layer.backward):
        return _product(layer.x, matrices[0].copy(), bias[0])
    matrix = side_by_side(matrices, layer.gates)
    gates = _product(layer.x, matrix, side_by_side(list(bias), layer.gates))
    # Turning the gates round, not x before the product, keeps the matrix at half the size.
    backward = np.tile(np.repeat([0, 1], layer.hidden), layer.gates)
    return tf.reshape(_columns_reversed(layer, gates, backward), [-1, matrix.shape[1]])


def _product(x: Any, matrix: Array, bias: Array) -> Any:
    flat = tf.reshape(x, [-1, matrix.shape[0]])
    return tf.nn.bias_add(tf.matmul(flat, tf.constant(matrix)), tf.constant(bias))


def _reversed(sequence: Any, steps: int) -> Any:
    """[T, N] from the last step to the first, as a product with the exchange matrix.

    It is exact, and in TF.js's WebAssembly backend ten times faster than ReverseV2.
    """
    exchange = np.eye(steps, dtype=sequence.dtype.as_numpy_dtype)[::-1].copy()
    return tf.matmul(tf.constant(exchange), sequence)


def _columns_reversed(layer: Layer, flat: Any, backward: Array) -> Any:
    """[T * B, C] -> [T, B, C] with the columns where `backward` is 1 in reversed step order."""
    shape = by_step(layer, len(backward))
    reverse = backward.astype(flat.dtype.as_numpy_dtype)
    if layer.steps is None:
        turned = tf.reverse(tf.reshape(flat, shape), [0])
    else:
        wide = tf.reshape(flat, [layer.steps, -1])
        turned = tf.reshape(_reversed(wide, layer.steps), shape)
    return tf.reshape(flat, shape) * tf.constant(1 - reverse) + turned * tf.constant(reverse)


def by_step(layer: Layer, *rest: int) -> Any:
    """The shape [T, B, *rest], as far as it is known."""
    if layer.steps is not None:
        return [layer.steps, -1, *rest]
    return tf.stack([tf.shape(layer.x)[0], -1, *rest])


def recurrent_matrix(layer: Layer, first: int, last: int) -> Any:
    """The matrix of the gates from `first` up to `last`: [D * H, (last - first) * D * H]."""
    hidden, gates = layer.hidden, last - first
    matrices = [r[first * hidden : last * hidden].T for r in layer.r]
    if len(matrices) == 1:
        return tf.constant(matrices[0].copy())
    zeros = np.zeros_like(matrices[0])
    forward, backward = matrices
    return tf.constant(
        side_by_side([np.concatenate([forward, zeros]), np.concatenate([zeros, backward])], gates)
    )


def initial_state(layer: Layer, state: Any) -> Any | None:
    """[D, B, H] (or batch first) -> [B, D * H], or None for zeros."""
    if state is None or is_zero(state):
        return None
    turned = state if layer.batch_first else tf.transpose(state, (1, 0, 2))
    return tf.reshape(turned, [-1, layer.width])


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


def run_steps(layer: Layer, gates: Sequence[Any], step: Step, states: list[Any]) -> tuple[Any, Any]:
    """`step(gates of a step, states)` from the first step to the last: unrolled, or as a loop.

    `gates` are [T * B, n] each; `states` [B, D * H] each, None for zeros. The first of the states
    is what a step puts out. Returns the outputs [T * B, D * H], and the last states.
    """
    if layer.steps is not None:
        outputs = []
        split = (tf.split(g, layer.steps, axis=0) for g in gates)
        for number, parts in enumerate(zip(*split, strict=True)):
            output, states = _ended(layer, number, states, step(list(parts), states))
            outputs.append(output)
        return tf.concat(outputs, axis=0), _of_begun(layer, states)
    batch = tf.shape(layer.x)[1]
    zeros = tf.zeros(tf.stack([batch, layer.width]), gates[0].dtype)
    first = [zeros if state is None else state for state in states]
    sequences = [tf.reshape(g, by_step(layer, int(g.shape[-1]))) for g in gates]

    def turn(number: Any, now: list[Any], parts: list[Any]) -> tuple[list[Any], list[Any], None]:
        output, following = _ended(layer, number, now, step(parts, now))
        return following, [output], None

    count = tf.shape(layer.x)[0]
    shape = tf.TensorShape([None, layer.width])
    element = tf.TensorSpec(shape, gates[0].dtype)
    last, (stacked,) = repeated(
        count, turn, first, sequences, [element], shapes=[shape] * len(first)
    )
    return tf.reshape(stacked, [-1, layer.width]), _of_begun(layer, last)


def _ended(layer: Layer, number: Any, before: list[Any], after: list[Any]) -> tuple[Any, list[Any]]:
    """What step `number` puts out, and the states behind it, where some sequences have ended.

    Behind its end a sequence puts out zeros and keeps its state; a backward direction, whose steps
    are in reversed order, has not begun there yet.
    """
    if layer.lengths is None:
        return after[0], after
    last = (tf.shape(layer.x)[0] if layer.steps is None else layer.steps) - 1
    places = [last - number if backward else number for backward in layer.backward]
    wide = [tf.fill([1, layer.hidden], place) for place in places]
    lengths = tf.cast(tf.reshape(layer.lengths, [-1, 1]), tf.int32)
    runs = tf.less(tf.concat(wide, axis=1), lengths)
    olds = [
        tf.zeros_like(new) if old is None else old for old, new in zip(before, after, strict=True)
    ]
    kept = [tf.where(runs, new, old) for old, new in zip(olds, after, strict=True)]
    return tf.where(runs, after[0], tf.zeros_like(after[0])), kept


def _of_begun(layer: Layer, last: list[Any]) -> list[Any]:
    """The last states; zeros of sequences without a step, whatever they began with."""
    if layer.lengths is None:
        return last
    some = tf.less(0, tf.cast(tf.reshape(layer.lengths, [-1, 1]), tf.int32))
    return [tf.where(some, state, tf.zeros_like(state)) for state in last]


def results(layer: Layer, outputs: Any, *last: Any) -> tuple[Any, ...]:
    """ONNX's outputs from the states after each step [T * B, D * H], and the last of each state.

    The sequence is [T, D, B, H], each last state [D, B, H]; or batch first.
    """
    directions, hidden = len(layer.backward), layer.hidden
    sequence = _in_time_order(outputs, layer)
    y = layout.transpose(tf.reshape(sequence, by_step(layer, directions, hidden)), (0, 2, 1, 3))
    states = [layout.transpose(tf.reshape(s, [-1, directions, hidden]), (1, 0, 2)) for s in last]
    if layer.batch_first:
        y = layout.transpose(y, (2, 0, 1, 3))
        states = [layout.transpose(s, (1, 0, 2)) for s in states]
    return (y, *states)[: layer.node.output_count]


def _in_time_order(flat: Any, layer: Layer) -> Any:
    """[T * B, D * H] in processing order -> [T, B, D * H] with backward directions turned round."""
    if not any(layer.backward):
        return tf.reshape(flat, by_step(layer, layer.hidden))
    backward = np.repeat([int(b) for b in layer.backward], layer.hidden)
    return _columns_reversed(layer, flat, backward)
