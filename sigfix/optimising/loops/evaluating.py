"""What an operator computes of numbers that are known: by TensorFlow's own kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from tensorflow.python.framework import op_def_registry

from sigfix.optimising.graph.graph import Array, Graph, NodeDef
from sigfix.optimising.graph.operator_kinds import BROADCASTING, REDUCTIONS, UNARY, names

LARGEST = 1024
"""Elements of a tensor that is followed, and about bytes / 8 of a constant."""
EVALUATED = (
    UNARY
    | BROADCASTING
    | REDUCTIONS
    | names(
        "ConcatV2 ExpandDims Fill GatherV2 OnesLike Pack Range Rank Reshape Select Shape Size "
        "Slice Squeeze StridedSlice ZerosLike"
    )
)
"""Operators that depend on their inputs alone, and have one output."""


def known_value(graph: Graph, reference: str) -> Array | None:
    """The value of a small constant, else None."""
    node = graph.constant_node(reference)
    if node is None or node.attr["value"].tensor.ByteSize() > 8 * LARGEST:
        return None
    value = graph.constant(str(node.name))
    return value if value is not None and value.size <= LARGEST else None


def evaluate(node: NodeDef, inputs: Sequence[Array | None]) -> Array | None:
    """The result of a node of `EVALUATED` from all its inputs, None where it is not followed."""
    if node.op not in EVALUATED or any(value is None for value in inputs):
        return None
    import tensorflow as tf
    from tensorflow.python.eager import context, execute

    definition = op_def_registry.get(node.op)
    attributes: list[Any] = []
    for attribute in () if definition is None else definition.attr:
        value = _attribute(node.attr[attribute.name])
        if value is not None:
            attributes += [attribute.name, value]
    try:
        with tf.init_scope(), tf.device("CPU:0"):
            tensors = [tf.constant(value) for value in inputs]
            (result,) = execute.execute(
                node.op.encode(), 1, tensors, tuple(attributes), context.context()
            )
            found = np.asarray(result.numpy())
    except Exception:  # TensorFlow raises several kinds; what it refuses, it refuses at run time
        return None
    return found if found.size <= LARGEST else None


def _attribute(value: Any) -> Any:
    """An attribute's value as TensorFlow's eager calls take it; None where it is not given."""
    kind = value.WhichOneof("value")
    if kind is None or kind in ("shape", "tensor", "func", "placeholder"):
        return None
    if kind == "list":
        return list(value.list.i) or list(value.list.type) or list(value.list.s)
    return getattr(value, kind)
