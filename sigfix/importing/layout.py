"""How NCHW models become NHWC graphs without a transpose in between.

Every operator takes and returns tensors in ONNX's layout, so each is right on its own. A kernel
that wants NHWC wraps itself in two transposes: `channels_last` before, `channels_first` after.
While tracing, `channels_last` looks at the operation that made its input: if that is the
inverse transpose, its source is used instead, and the transpose pair is gone. Element-wise
operators look through transposes in the same way and put one behind themselves. What remains at
the end is dead and is pruned with the rest of the unused nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing.static_values import as_array, shared_constant
from sigfix.optimising.graph.permutations import Permutation, turned_constant


def look_through(tensor: Any) -> tuple[Any, Permutation] | None:
    """(source, permutation) if `tensor` is a transpose of a source tensor, else None."""
    if isinstance(tensor, (np.ndarray, tf.__internal__.EagerTensor)):
        return None
    operation = tensor.op
    if operation.type != "Transpose":
        return None
    permutation = as_array(operation.inputs[1])
    if permutation is None:
        return None
    return operation.inputs[0], tuple(int(i) for i in permutation)


def transpose(tensor: Any, permutation: Sequence[int]) -> Any:
    """`tf.transpose`, merged with a transpose that `tensor` may itself be; never an identity."""
    source = look_through(tensor)
    wanted = tuple(int(i) for i in permutation)
    if source is not None:
        tensor, inner = source
        wanted = tuple(inner[i] for i in wanted)
    if wanted == tuple(range(len(wanted))):
        return tensor
    value = as_array(tensor)
    if value is not None:
        return shared_constant(np.transpose(value, wanted))
    return tf.transpose(tensor, wanted)


def channels_last(tensor: Any) -> Any:
    """[N, C, ...spatial] -> [N, ...spatial, C]."""
    rank = tensor.shape.rank
    return transpose(tensor, (0, *range(2, rank), 1))


def channels_first(tensor: Any) -> Any:
    """[N, ...spatial, C] -> [N, C, ...spatial]."""
    rank = tensor.shape.rank
    return transpose(tensor, (0, rank - 1, *range(1, rank - 1)))


def elementwise(function: Callable[..., Any], *inputs: Any) -> Any:
    """Apply a broadcasting element-wise function under the transpose its inputs have in common.

    With x = transpose(s, p) the result is transpose(function(s, ...), p): constants are turned
    the other way, other inputs must be transposed by the same p (or be scalars). Where they are
    not, the function is applied to the inputs as they are.
    """
    sources = [None if as_array(i) is not None else look_through(i) for i in inputs]
    permutations = {s[1] for s in sources if s is not None}
    if len(permutations) != 1:
        return function(*(_as_tensor(i) for i in inputs))
    (permutation,) = permutations
    arguments = []
    for tensor, source in zip(inputs, sources, strict=True):
        if source is not None:
            arguments.append(source[0])
            continue
        value = as_array(tensor)
        if value is not None and value.ndim <= len(permutation):
            arguments.append(shared_constant(turned_constant(value, permutation)))
        elif tensor.shape.rank == 0:
            arguments.append(tensor)
        else:
            return function(*(_as_tensor(i) for i in inputs))
    return transpose(function(*arguments), permutation)


def _as_tensor(value: Any) -> Any:
    return shared_constant(value) if isinstance(value, np.ndarray) else value
