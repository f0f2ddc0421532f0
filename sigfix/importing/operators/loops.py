"""Loop and Scan whose number of steps is known while the model runs alone; see `looping.py`.

What is known before is written out by `unrolled_loops.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.onnx_graph import shape_of
from sigfix.importing.operators.constants import tensorflow_dtype
from sigfix.importing.operators.looping import repeated
from sigfix.importing.operators.registry import Node, onnx_operator
from sigfix.importing.static_values import as_array
from sigfix.importing.unrolled_loops import goes_on

MOST_STEPS = np.iinfo(np.int32).max


@onnx_operator("Loop", 1, 11, 13, 16, 19, 21, 23)
def loop(node: Node, steps: Any = None, go: Any = None, *states: Any) -> Any:
    """The body at most `steps` times, as long as it says so; (states..., what it wrote...)."""
    body = node.attributes["body"]
    results = body.output[1 + len(states) :]
    count = _count(steps)
    asks = not _is_true(go) or not goes_on(body)

    def turn(step: Any, now: list[Any], items: list[Any]) -> tuple[list[Any], list[Any], Any]:
        assert node.inner is not None
        going = tf.constant(True)  # or there were no such step
        more, *made = node.inner(body, [tf.cast(step, tf.int64), going, *now])
        following = [_like(m, s) for m, s in zip(made, states, strict=False)]
        return following, made[len(states) :], more

    start = None
    if asks:
        start = tf.constant(True) if go is None else tf.reshape(go, [])
    last, written = repeated(
        count, turn, list(states), (), _written(node, results), start, _invariants(body, 2, states)
    )
    return (*last, *written)


@onnx_operator("Scan", 9, 11, 16, 19, 21, 23)
def scan(node: Node, *inputs: Any) -> Any:
    """The body once for each element of the sequences; (states..., what it wrote...)."""
    body = node.attributes["body"]
    scanned = int(node.attributes["num_scan_inputs"])
    states, sequences = inputs[: len(inputs) - scanned], list(inputs[len(inputs) - scanned :])
    axes = node.attributes.get("scan_input_axes", [0] * scanned)
    backward = node.attributes.get("scan_input_directions", [0] * scanned)
    results = body.output[len(states) :]
    if any(node.attributes.get("scan_output_axes", [0])):
        raise node.refuse("what a Scan of a dynamic number of steps writes is stacked on axis 0")
    for place, sequence in enumerate(sequences):
        axis = int(axes[place]) % sequence.shape.rank
        order = [axis, *(i for i in range(sequence.shape.rank) if i != axis)]
        turned = layout.transpose(sequence, order)
        sequences[place] = tf.reverse(turned, [0]) if backward[place] else turned

    def turn(step: Any, now: list[Any], items: list[Any]) -> tuple[list[Any], list[Any], Any]:
        assert node.inner is not None
        made = node.inner(body, [*now, *items])
        following = [_like(m, s) for m, s in zip(made, states, strict=False)]
        return following, made[len(states) :], None

    last, written = repeated(
        tf.shape(sequences[0])[0],
        turn,
        list(states),
        sequences,
        _written(node, results),
        None,
        _invariants(body, 0, states),
    )
    flipped = node.attributes.get("scan_output_directions", [0] * len(results))
    ordered = [tf.reverse(w, [0]) if f else w for w, f in zip(written, flipped, strict=True)]
    return (*last, *ordered)


def _count(steps: Any) -> Any:
    """The largest number of steps, as int32."""
    known = None if steps is None else as_array(steps)
    if steps is None or (known is not None and known.reshape(-1)[0] > MOST_STEPS):
        return tf.constant(MOST_STEPS, tf.int32)
    return tf.cast(tf.reshape(steps, []), tf.int32)


def _is_true(go: Any) -> bool:
    known = None if go is None else as_array(go)
    return go is None or (known is not None and bool(known.all()))


def _like(made: Any, state: Any) -> Any:
    return tf.identity(made) if made.dtype == state.dtype else tf.cast(made, state.dtype)


def _written(node: Node, results: Any) -> list[tf.TensorSpec]:
    """What a step adds to each result, as the body declares it."""
    specs = []
    for value in results:
        kind = value.type.tensor_type
        if not kind.elem_type or not kind.HasField("shape"):
            raise node.refuse(f"its body does not say of which shape {value.name} is")
        specs.append(tf.TensorSpec(shape_of(value), tensorflow_dtype(kind.elem_type)))
    return specs


def _invariants(body: onnx.GraphProto, first: int, states: Any) -> list[tf.TensorShape]:
    """What of each state's shape stays the same from step to step."""
    found = []
    for place, state in enumerate(states):
        before = body.input[first + place].type.tensor_type.shape.dim
        after = body.output[first // 2 + place].type.tensor_type.shape.dim
        sizes = list(state.shape)
        if len(before) == len(after) == len(sizes):
            sizes = [
                s if b == a and (a.dim_param or a.HasField("dim_value")) else None
                for s, b, a in zip(sizes, before, after, strict=True)
            ]
        found.append(tf.TensorShape(sizes))
    return found
