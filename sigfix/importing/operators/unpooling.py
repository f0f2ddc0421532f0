"""What puts cells back where they were: MaxUnpool and Col2Im; and determinants."""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing.open_sizes import product, reshaped, sizes_of
from sigfix.importing.operators.registry import Node, onnx_operator
from sigfix.importing.operators.transposed_convolution import transposed_convolution
from sigfix.importing.static_values import shared_constant

LARGEST_MATRIX = 6
"""Of those of which determinants are written out: twice as many minors for each row."""


@onnx_operator("MaxUnpool", 9, 11, 22)
def max_unpool(node: Node, x: Any, places: Any, wanted: Any = None) -> Any:
    """Each value where it was found, by its place in the flattened result; 0 elsewhere."""
    kernel = node.attributes["kernel_shape"]
    strides = node.by_axis("strides", len(kernel))
    pads = node.by_axis("pads", 2 * len(kernel), 0)
    images, channels, *sizes = sizes_of(x)
    sizes = [
        (size - 1) * stride + cells - pads[axis] - pads[axis + len(kernel)]
        for axis, (size, stride, cells) in enumerate(zip(sizes, strides, kernel, strict=True))
    ]
    if wanted is not None:
        told = node.constant(wanted, "output_shape").reshape(-1)
        if list(told[2:]) != sizes:
            # By ONNX's text places are those of the smaller result, in ONNX Runtime of this one.
            raise node.refuse("an output_shape other than that of its window is ambiguous")
    shape = [images, channels, *sizes]
    whole = tf.zeros(tf.reshape(product(shape), [1]), x.dtype)
    where = tf.reshape(tf.cast(places, tf.int32), [-1, 1])
    return reshaped(tf.tensor_scatter_nd_update(whole, where, tf.reshape(x, [-1])), shape)


@onnx_operator("Col2Im", 18)
def columns_to_image(node: Node, x: Any, image: Any, block: Any) -> Any:
    """[N, C * cells, blocks] added up in images [N, C, ...]: a convolution backwards.

    Its kernel has a one for each cell, where that lies.
    """
    extent, kernel = (
        [int(size) for size in node.constant(given, what)]
        for given, what in ((image, "image_shape"), (block, "block_shape"))
    )
    rank, cells = len(kernel), math.prod(kernel)
    if rank != 2:  # ONNX Runtime adds up others at wrong places, so nothing could be verified
        raise node.refuse("of images with two axes alone")
    strides = node.by_axis("strides", rank)
    dilations = node.by_axis("dilations", rank)
    pads = node.by_axis("pads", 2 * rank, 0)
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    room = [n + pads[i] + pads[i + rank] - spans[i] for i, n in enumerate(extent)]
    blocks = [n // s + 1 for n, s in zip(room, strides, strict=True)]
    images, columns, _ = sizes_of(x)
    channels = columns // cells
    apart = reshaped(x, [product([images, channels]), cells, *blocks])
    attributes = {
        "strides": strides, "dilations": dilations, "pads": pads,
        "output_padding": [n % s for n, s in zip(room, strides, strict=True)],
    }  # fmt: skip
    ones = shared_constant(np.eye(cells, dtype=x.dtype.as_numpy_dtype).reshape(cells, 1, *kernel))
    added = transposed_convolution(replace(node, attributes=attributes), apart, ones)
    return reshaped(added, [images, channels, *extent])


@onnx_operator("Det", 11, 22)
def determinant(node: Node, x: Any) -> Any:
    """The determinants of matrices, from those of two columns of their last two rows on."""
    size = x.shape[-1]
    if size is None or size > LARGEST_MATRIX:
        raise node.refuse(f"of matrices of static size up to {LARGEST_MATRIX} alone")
    minors: dict[tuple[int, ...], Any] = {(c,): x[..., size - 1, c] for c in range(size)}
    for row in reversed(range(size - 1)):
        grown = {}
        for columns in itertools.combinations(range(size), size - row):
            terms = [
                x[..., row, column] * minors[columns[:n] + columns[n + 1 :]]
                for n, column in enumerate(columns)
            ]
            signed = [term if n % 2 == 0 else -term for n, term in enumerate(terms)]
            grown[columns] = functools.reduce(tf.add, signed)
        minors = grown
    (found,) = minors.values()
    return found
