"""A graph in float64: what it computes but for rounding, to see how much rounding there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from tensorflow.core.framework import graph_pb2, types_pb2
from tensorflow.python.framework import tensor_util

from sigfix.operator_defaults import complete

FLOAT, DOUBLE = types_pb2.DT_FLOAT, types_pb2.DT_DOUBLE
ALWAYS_FLOAT = frozenset({"ResizeBilinear", "ResizeBicubic", "ResizeArea", "CropAndResize"})
"""Operators whose result is float32 whatever they read."""
NORMALISATIONS = frozenset({"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"})
"""Operators without a kernel for float64, in inference a product and a sum."""


def in_double(definition: Any) -> Any:
    """A frozen GraphDef without functions, every float32 of it a float64.

    Operators that only compute float32 are followed by a cast. Raises `ValueError` for a graph
    with functions, whose arguments have types of their own.
    """
    if definition.library.function:
        raise ValueError("a graph with functions is not computed in float64")
    wide = graph_pb2.GraphDef()
    wide.versions.CopyFrom(definition.versions)
    for node in definition.node:
        for item in _widened(node):
            wide.node.append(item)
    return wide


def _widened(node: Any) -> Iterator[Any]:
    complete(node)
    if node.op in NORMALISATIONS and node.attr["data_format"].s != b"NCHW":
        yield from _normalisation(node)
        return
    copy = type(node)()
    copy.CopyFrom(node)
    for attribute in copy.attr.values():
        if attribute.type == FLOAT:
            attribute.type = DOUBLE
        for index, kind in enumerate(attribute.list.type):
            if kind == FLOAT:
                attribute.list.type[index] = DOUBLE
        if attribute.HasField("tensor") and attribute.tensor.dtype == FLOAT:
            values = tensor_util.MakeNdarray(attribute.tensor).astype(np.float64)
            attribute.tensor.CopyFrom(tensor_util.make_tensor_proto(values))
    if node.op in ALWAYS_FLOAT:
        copy.name = f"{node.name}/in_float"
        yield copy
        yield _cast(node.name, copy.name)
        return
    yield copy


def _cast(name: str, source: str) -> Any:
    cast = graph_pb2.GraphDef().node.add(name=name, op="Cast", input=[source])
    cast.attr["SrcT"].type, cast.attr["DstT"].type = FLOAT, DOUBLE
    return cast


def _normalisation(node: Any) -> Iterator[Any]:
    """`(x - mean) * scale * rsqrt(variance + epsilon) + offset`, as inference computes it."""
    if node.attr["is_training"].b:
        raise ValueError(f"{node.name} is in training form")
    x, scale, offset, mean, variance = node.input[:5]
    epsilon = np.float64(node.attr["epsilon"].f)
    made = graph_pb2.GraphDef()

    def add(op: str, name: str, *inputs: str) -> str:
        item = made.node.add(name=name, op=op, input=inputs)
        item.attr["T"].type = DOUBLE
        return name

    own = node.name
    constant = made.node.add(name=f"{own}/epsilon", op="Const")
    constant.attr["dtype"].type = DOUBLE
    constant.attr["value"].tensor.CopyFrom(tensor_util.make_tensor_proto(epsilon))
    deviation = add(
        "Rsqrt", f"{own}/rsqrt", add("AddV2", f"{own}/shifted", variance, f"{own}/epsilon")
    )
    factor = add("Mul", f"{own}/factor", scale, deviation)
    centred = add("Sub", f"{own}/centred", x, mean)
    add("AddV2", own, add("Mul", f"{own}/scaled", centred, factor), offset)
    yield from made.node
