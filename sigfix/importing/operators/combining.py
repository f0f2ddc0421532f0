"""Scatters whose updates are multiplied with what is there, or compared with it.

TensorFlow.js has a scatter that replaces and one that adds. Places that are constants are met in
turns, so that no turn has a place twice: what is there is gathered, combined, and put back. Of
places that are computed, each place of the data looks at all updates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing.operators.registry import Node
from sigfix.importing.static_values import as_array

MOST = 2**26
"""Elements that all updates looked at by all places may be: 256 MiB of float32."""


@dataclass(frozen=True)
class Reduction:
    """Of two elements, of an axis, and what changes nothing, by dtype."""

    pair: Callable[[Any, Any], Any]
    whole: Callable[..., Any]
    neutral: Callable[[tf.DType], Any]


REDUCTIONS = {
    "mul": Reduction(tf.multiply, tf.reduce_prod, lambda dtype: 1),
    "min": Reduction(tf.minimum, tf.reduce_min, lambda dtype: dtype.max),
    "max": Reduction(tf.maximum, tf.reduce_max, lambda dtype: dtype.min),
}


def combined(node: Node, data: Any, places: Any, updates: Any) -> Any:
    """`data` with each of `updates` combined by the node's `reduction` with what is at its place.

    `places` are [..., depth], none negative; `updates` [..., *data.shape[depth:]].
    """
    reduction = REDUCTIONS[node.text("reduction", "none")]
    known = as_array(places)
    if known is not None:
        return _in_turns(reduction, data, known, updates)
    return _looking_at_all(node, reduction, data, places, updates)


def _in_turns(reduction: Reduction, data: Any, places: np.ndarray[Any, Any], updates: Any) -> Any:
    depth = places.shape[-1]
    rows = places.reshape(-1, depth)
    flat = tf.reshape(updates, tf.concat([[len(rows)], tf.shape(data)[depth:]], 0))
    turns: list[list[int]] = []
    seen: dict[tuple[int, ...], int] = {}
    for number, row in enumerate(map(tuple, rows.tolist())):
        turn = seen.get(row, 0)
        seen[row] = turn + 1
        turns += [[]] if turn == len(turns) else []
        turns[turn].append(number)
    for chosen in turns:
        own = flat if len(chosen) == len(rows) else tf.gather(flat, tf.constant(chosen, tf.int32))
        where = tf.constant(rows[chosen].astype(np.int32))
        data = tf.tensor_scatter_nd_update(
            data, where, reduction.pair(tf.gather_nd(data, where), own)
        )
    return data


def _looking_at_all(node: Node, reduction: Reduction, data: Any, places: Any, updates: Any) -> Any:
    depth, sizes = int(places.shape[-1]), tf.shape(data)
    lead = [sizes[a] if data.shape[a] is None else int(data.shape[a]) for a in range(depth)]
    count = data.shape.num_elements()
    width = places.shape.num_elements()
    if count is not None and width is not None and count * (width // max(depth, 1)) > MOST:
        raise node.refuse("so many updates at places that are computed are not combined")
    number: Any = 0
    for axis, size in enumerate(lead):
        number = number * size + places[..., axis]
    slots: Any = 1
    for size in lead:
        slots = slots * size
    of_update = tf.reshape(number, [1, -1, 1])
    of_slot = tf.reshape(tf.range(slots), [-1, 1, 1])
    each = 1 if data.shape.rank == depth else tf.reduce_prod(sizes[depth:])
    rows = tf.reshape(updates, tf.stack([1, -1, each]))
    neutral = tf.constant(reduction.neutral(data.dtype), data.dtype)
    seen = reduction.whole(tf.where(tf.equal(of_update, of_slot), rows, neutral), 1)
    result = reduction.pair(data, tf.reshape(seen, sizes))
    result.set_shape(data.shape)
    return result
