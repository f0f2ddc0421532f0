"""Operators that several passes add: with channels last, and every attribute that they need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from tensorflow.python.framework import dtypes, op_def_registry

from sigfix.optimising.graph.graph import Graph, NodeDef
from sigfix.optimising.graph.operator_kinds import DT_INT32


def add_bias(graph: Graph, base: str, data: str, vector: str, like: NodeDef | int) -> NodeDef:
    """Add a BiasAdd of the tensor `data` and the reference `vector` [channels]."""
    node = graph.add_node(base, "BiasAdd", [data, vector], like)
    node.attr["data_format"].s = b"NHWC"
    return node


def add_concatenation(
    graph: Graph, base: str, parts: Sequence[str], axis: str, like: NodeDef | int
) -> NodeDef:
    """Add a ConcatV2 of `parts` along the constant int32 `axis`, a reference."""
    node = graph.add_node(base, "ConcatV2", [*parts, axis], like)
    node.attr["N"].i, node.attr["Tidx"].type = len(parts), DT_INT32
    return node


def add_convolution(
    graph: Graph,
    base: str,
    op: str,
    inputs: Sequence[str],
    like: NodeDef | int,
    stride: int = 1,
    pads: Sequence[Sequence[int]] | None = None,
) -> NodeDef:
    """Add a Conv2D or DepthwiseConv2dNative, without dilation.

    `pads` are (before, after) of height and width; without them there is no padding.
    """
    node = graph.add_node(base, op, inputs, like)
    node.attr["strides"].list.i[:] = [1, stride, stride, 1]
    node.attr["dilations"].list.i[:] = [1, 1, 1, 1]
    node.attr["data_format"].s = b"NHWC"
    node.attr["padding"].s = b"VALID" if pads is None else b"EXPLICIT"
    if pads is not None:
        node.attr["explicit_paddings"].list.i[:] = [0, 0, *np.ravel(pads).tolist(), 0, 0]
    return node


def add_padding(
    graph: Graph, base: str, data: str, amounts: Sequence[Sequence[int]], like: NodeDef
) -> NodeDef:
    """Add a Pad with zeros; `amounts` are (before, after) of every axis."""
    margin = graph.add_constant(f"{base}/amounts", np.array(amounts, np.int32))
    node = graph.add_node(base, "Pad", [data, margin], like)
    node.attr["Tpaddings"].type = DT_INT32
    return node


def operand_dtype(node: NodeDef, position: int) -> Any:
    """The NumPy dtype of an operand, by the operator's definition: of shapes int32 or int64."""
    arguments = op_def_registry.get(node.op).input_arg
    kind = node.attr[arguments[min(position, len(arguments) - 1)].type_attr].type
    return dtypes.as_dtype(kind or DT_INT32).as_numpy_dtype


def reshape(
    graph: Graph, source: str, shape: Sequence[int | None], data_type: int, base: str
) -> str:
    """Add a Reshape with -1 for the unknown size, and return its name."""
    target = np.array([-1 if n is None else n for n in shape], np.int32)
    constant = graph.add_constant(f"{base}/shape", target)
    node = graph.add_node(f"{base}/reshaped", "Reshape", [source, constant], data_type)
    node.attr["Tshape"].type = DT_INT32
    return str(node.name)
