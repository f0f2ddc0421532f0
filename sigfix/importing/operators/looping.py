"""A loop whose number of steps is known while the model runs: TensorFlow.js's `executeAsync`.

What is read and written step by step is in lists of tensors, as in Keras' recurrent layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

Turn = Callable[[Any, list[Any], list[Any]], tuple[list[Any], list[Any], Any]]


@contextmanager
def flat_control_flow() -> Iterator[None]:
    """Within the block loops are nodes of the graph, as TensorFlow 1 has them.

    Elsewhere they are functions beside it: that is what a SavedModel holds, and what freezing makes
    flat. TensorFlow.js computes nodes alone.
    """
    was_on = tf.compat.v1.control_flow_v2_enabled()
    tf.compat.v1.disable_control_flow_v2()
    try:
        yield
    finally:
        if was_on:
            tf.compat.v1.enable_control_flow_v2()


def repeated(
    steps: Any,
    turn: Turn,
    states: Sequence[Any],
    sequences: Sequence[Any] = (),
    written: Sequence[tf.TensorSpec] = (),
    go: Any = None,
    shapes: Sequence[tf.TensorShape] | None = None,
) -> tuple[list[Any], list[Any]]:
    """Take at most `steps` turns (an int32 scalar), as long as there is a reason to go on.

    `turn(step, states, items)` gets the element `step` of each of `sequences` (their first axis)
    and returns the next states, what it adds to each result, and whether to go on (None: yes).
    `go` says whether to start (None: as many steps as there are, whatever `turn` says). `written`
    are the results' elements, `shapes` what stays the same of the states' shapes (their own by
    default). Returns the last states, and the results stacked on a first axis.
    """
    read = [
        tf.raw_ops.TensorListFromTensor(tensor=s, element_shape=_sizes(s.shape[1:]))
        for s in sequences
    ]
    lists = [_empty_list(w, steps, go) for w in written]
    count = len(states)

    def condition(step: Any, on: Any, *rest: Any) -> Any:
        return step < steps if go is None else tf.logical_and(step < steps, on)

    def body(step: Any, on: Any, *rest: Any) -> tuple[Any, ...]:
        items = [_item(r, step, s) for r, s in zip(read, sequences, strict=True)]
        following, made, more = turn(step, list(rest[:count]), items)
        kept = [_added(handle, step, m, go) for handle, m in zip(rest[count:], made, strict=True)]
        on = on if more is None or go is None else tf.reshape(more, [])
        return (step + 1, on, *following, *kept)

    scalar = tf.TensorShape([])
    ended = tf.compat.v1.while_loop(
        condition,
        body,
        [tf.constant(0), tf.constant(True) if go is None else go, *states, *lists],
        shape_invariants=[
            scalar,
            scalar,
            *([s.shape for s in states] if shapes is None else shapes),
            *(scalar for _ in lists),
        ],
        parallel_iterations=1,
        return_same_structure=True,
    )
    last, filled = ended[2 : 2 + count], ended[2 + count :]
    return list(last), [_stacked(f, w) for f, w in zip(filled, written, strict=True)]


def _sizes(shape: Any) -> Any:
    """What a list is told of its elements' shape, -1 for what is not known."""
    return tf.constant([-1 if d is None else int(d) for d in shape], tf.int32)


def _empty_list(element: tf.TensorSpec, steps: Any, go: Any) -> Any:
    """A list with room for all steps, or one that grows where the loop may end before."""
    shape = _sizes(element.shape)
    if go is None:
        return tf.raw_ops.TensorListReserve(
            element_shape=shape, num_elements=steps, element_dtype=element.dtype
        )
    return tf.raw_ops.EmptyTensorList(
        element_shape=shape, max_num_elements=tf.constant(-1), element_dtype=element.dtype
    )


def _added(handle: Any, step: Any, item: Any, go: Any) -> Any:
    if go is None:
        return tf.raw_ops.TensorListSetItem(input_handle=handle, index=step, item=item)
    return tf.raw_ops.TensorListPushBack(input_handle=handle, tensor=item)


def _item(handle: Any, step: Any, sequence: Any) -> Any:
    """One element of a list that a sequence was made into."""
    shape = sequence.shape[1:]
    item = tf.raw_ops.TensorListGetItem(
        input_handle=handle,
        index=step,
        element_shape=_sizes(shape),
        element_dtype=sequence.dtype,
    )
    item.set_shape(shape)
    return item


def _stacked(handle: Any, element: tf.TensorSpec) -> Any:
    whole = tf.raw_ops.TensorListStack(
        input_handle=handle, element_shape=_sizes(element.shape), element_dtype=element.dtype
    )
    whole.set_shape([None, *element.shape])
    return whole
