"""Convolution or matrix product + bias + activation -> one fused kernel.

Only what every TF.js backend has. A bias is a vector constant over the last axis, NHWC.
"""

from __future__ import annotations

from typing import Any

from sigfix.optimising.graph.graph import Graph, NodeDef, node_of
from sigfix.optimising.graph.operator_kinds import ACTIVATIONS, is_channels_last

FUSED_KERNEL = {
    "Conv2D": "_FusedConv2D",
    "DepthwiseConv2dNative": "FusedDepthwiseConv2dNative",
    "MatMul": "_FusedMatMul",
}


def fuse_bias_and_activation(graph: Graph) -> int:
    """Fuse every product with a bias; returns how many."""
    fused = 0
    for product in list(graph.nodes.values()):
        kernel = FUSED_KERNEL.get(product.op)
        if kernel is None or not _is_plain(product):
            continue
        addition = graph.only_reader(product.name)
        bias = None if addition is None else _bias_of(graph, addition, product)
        if addition is None or bias is None:
            continue
        operators, last = [b"BiasAdd"], addition
        activation = graph.only_reader(addition.name)
        if activation is not None and activation.op in ACTIVATIONS:
            operators.append(activation.op.encode())
            last = activation
        fused_node = graph.add_node(
            f"{product.name}/fused", kernel, [*product.input, bias], product
        )
        for key, value in product.attr.items():
            fused_node.attr[key].CopyFrom(value)
        fused_node.attr["num_args"].i = 1
        fused_node.attr["fused_ops"].list.s.extend(operators)
        fused_node.attr["epsilon"].f = 0.0
        for node in {id(n): n for n in (product, addition, last)}.values():
            if node is not last:
                del graph.nodes[node.name]
        graph.replace(last.name, fused_node.name)
        fused += 1
    return fused


def _is_plain(product: NodeDef) -> bool:
    """A form that every fused kernel computes rightly.

    wasm's fused matrix product gives wrong numbers with a transposed right side.
    """
    if product.op == "MatMul":
        return not (product.attr["transpose_a"].b or product.attr["transpose_b"].b)
    return is_channels_last(product)


def _bias_of(graph: Graph, addition: NodeDef, product: NodeDef) -> str | None:
    """The constant vector that `addition` adds to `product`, by name."""
    if addition.op not in ("BiasAdd", "Add", "AddV2"):
        return None
    if addition.op == "BiasAdd" and not is_channels_last(addition):
        return None
    others = [r for r in addition.input if node_of(r) != product.name]
    if len(others) != 1 or product.name in others:
        return None
    value = graph.constant(others[0])
    channels = _channels(graph, product)
    if value is None or channels is None or value.size != channels:
        return None
    rank = 2 if product.op == "MatMul" else 4
    if value.ndim > rank or (value.ndim and value.shape[-1] != channels):
        return None  # the sum has more axes than the product, or another one is meant
    if value.ndim != 1:
        return graph.add_constant(f"{node_of(others[0])}/vector", value.reshape(-1))
    return str(others[0])


def _channels(graph: Graph, product: NodeDef) -> int | None:
    weights: Any = graph.constant(product.input[1])
    if weights is None:
        return None
    if product.op == "DepthwiseConv2dNative":
        return int(weights.shape[2] * weights.shape[3])
    return int(weights.shape[-1])
