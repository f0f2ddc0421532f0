"""MatMul and Gemm, as two-dimensional products wherever the right side is a matrix."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from sigfix.importing.open_sizes import reshaped, sizes_of
from sigfix.importing.operators.registry import Node, onnx_operator
from sigfix.importing.static_values import as_array, shared_constant


def flat_product(x: Any, matrix: Any) -> Any:
    """[..., K] x [K, N] -> [..., N] through one two-dimensional product.

    TF.js serves a two-dimensional product fastest, and its batched one only for equal batches.
    """
    if x.shape.rank == 2:
        return tf.matmul(x, matrix)
    product = tf.matmul(tf.reshape(x, [-1, x.shape[-1]]), matrix)
    return reshaped(product, [*sizes_of(x)[:-1], int(matrix.shape[-1])])


def bias_before_reshape(a: Any, b: Any) -> Any | None:
    """a + b where one is a vector constant and the other a reshaped product; None elsewhere.

    The addition then stands right behind the product, where it can be fused with it.
    """
    for product, bias in ((a, b), (b, a)):
        vector = as_array(bias)
        if vector is None or vector.ndim != 1 or as_array(product) is not None:
            continue
        operation = getattr(product, "op", None)
        if operation is None or operation.type != "Reshape":
            continue
        source = operation.inputs[0]
        if source.op.type == "MatMul" and source.shape[-1] == product.shape[-1] == len(vector):
            biased = tf.nn.bias_add(source, shared_constant(vector))
            reshaped = tf.reshape(biased, operation.inputs[1])
            reshaped.set_shape(product.shape)
            return reshaped
    return None


@onnx_operator("MatMul", 1, 9, 13)
def matrix_product(node: Node, a: Any, b: Any) -> Any:
    """numpy.matmul."""
    ranks = (a.shape.rank, b.shape.rank)
    if ranks[1] == 2 and ranks[0] is not None and ranks[0] >= 2 and a.shape[-1] is not None:
        return flat_product(a, b)
    if ranks[0] == 1 and ranks[1] == 1:
        return tf.tensordot(a, b, 1)
    if ranks[0] == 1:
        return tf.squeeze(tf.matmul(a[None, :], b), -2)
    if ranks[1] == 1:
        return tf.squeeze(tf.matmul(a, b[:, None]), -1)
    return tf.matmul(a, b)


@onnx_operator("Gemm", 7, 9, 11, 13)
def general_product(node: Node, a: Any, b: Any, c: Any = None) -> Any:
    """alpha * A' B' + beta * C for matrices; constants are transposed and scaled here."""
    alpha = float(node.attributes.get("alpha", 1.0))
    beta = float(node.attributes.get("beta", 1.0))
    a = tf.transpose(a) if node.attributes.get("transA", 0) else a
    weights = as_array(b)
    if weights is not None:
        weights = weights.T if node.attributes.get("transB", 0) else weights
        b = shared_constant(weights * weights.dtype.type(alpha))
        product = tf.matmul(a, b)
    else:
        product = tf.matmul(a, tf.transpose(b) if node.attributes.get("transB", 0) else b)
        product = product if alpha == 1 else product * tf.cast(alpha, product.dtype)
    if c is None:
        return product
    bias = as_array(c)
    if bias is None:
        return product + (c if beta == 1 else c * tf.cast(beta, c.dtype))
    bias = bias * bias.dtype.type(beta)
    if bias.ndim and bias.size == bias.shape[-1] == product.shape[-1]:
        return tf.nn.bias_add(product, shared_constant(bias.reshape(-1)))
    return product + shared_constant(bias)
