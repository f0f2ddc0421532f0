"""Convolutions with kernels three wide in half the multiplications: Winograd's F(4, 3) along rows.

Four neighbouring results of a row need 4 x 3 products the plain way and 6 this way: the row is cut
into overlapping tiles of six, tiles and kernels are transformed, what belongs together is
multiplied, and four results come back from six products (`winograd_transforms.py`). Rounding errors
grow by about ten; exact otherwise. There are two forms (`winograd_forms.py`), and an estimate says
which of them pays, if any.

It pays on the CPU, where TF.js's time is multiplications, and not on a GPU, so it is for the wasm
target only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from sigfix.optimising.convolutions.winograd_forms import (
    Convolution,
    as_convolutions,
    as_matrix_products,
)
from sigfix.optimising.convolutions.winograd_transforms import tile_kernels
from sigfix.optimising.graph.graph import Graph, NodeDef
from sigfix.optimising.graph.operator_kinds import DT_FLOAT, is_channels_last
from sigfix.optimising.graph.shapes import Shapes, infer_shapes

# Nanoseconds in TF.js 4.22's wasm backend, one thread, a batch of one.
PER_PRODUCT = 1 / 15.5
PER_OPERATORS = 260_000.0
AS_CONVOLUTIONS = (6.0, 7.0, 9.3)
AS_MATRIX_PRODUCTS = (52.0, 10.0, 1.1)
"""For each channel of a tile, each result of a tile and each weight."""
WORTHWHILE = 0.88
"""Part of the plain convolution's time that is worth so many operators."""

Form = Callable[[Graph, Convolution, Sequence[str]], str]


def use_winograd(graph: Graph) -> int:
    """Rewrite every convolution that is worth it in a batch of one; returns how many."""
    candidates = [node for node in graph.nodes.values() if node.op == "Conv2D"]
    shapes = infer_shapes(graph) if candidates else {}
    found = [each for node in candidates for each in [_convolution(graph, node, shapes)] if each]
    kernels: dict[int, list[str]] = {}
    rewritten = 0
    for each in found:
        form = best_form(each)
        if form is None:
            continue
        taps, _, channels, _ = each.weights.shape
        width = channels if form is as_convolutions else taps * channels
        if width not in kernels:
            kernels[width] = tile_kernels(graph, width, each.name)
        last = each.name if each.bias is None else str(graph.readers(each.name)[0].name)
        graph.replace(last, form(graph, each, kernels[width]))
        rewritten += 1
    if rewritten:
        graph.prune()
    return rewritten


def best_form(of: Convolution) -> Form | None:
    """The form that is estimated to take least time, if that is worth its operators."""
    taps, _, channels, outputs = of.weights.shape
    tiles = of.rows * of.width // 4
    plain = 12 * tiles * taps * channels * outputs * PER_PRODUCT
    common = plain / 2 + PER_OPERATORS
    results, weights = tiles * outputs, of.weights.size
    # As convolutions kernels move along the image's rows; as matrices each row has its own copy.
    image = (of.height * of.width // 4 * channels, results, weights)
    copies = (tiles * taps * channels, results, weights)
    as_images, as_matrices = np.dot(AS_CONVOLUTIONS, image), np.dot(AS_MATRIX_PRODUCTS, copies)
    if common + min(as_images, as_matrices) > WORTHWHILE * plain:
        return None
    return as_convolutions if as_images <= as_matrices else as_matrix_products


def _convolution(graph: Graph, node: NodeDef, shapes: Shapes) -> Convolution | None:
    source, result = shapes.get(node.input[0]), shapes.get(node.name)
    if node.attr["T"].type != DT_FLOAT or not is_channels_last(node):
        return None
    if set(node.attr["strides"].list.i) | set(node.attr["dilations"].list.i) != {1}:
        return None
    if not source or not result or None in (*source[1:], *result[1:]):
        return None
    weights = graph.constant(node.input[1])
    _, height, width, channels = (size or 0 for size in source)
    if weights is None or weights.shape[1] != 3 or weights.shape[2] != channels:
        return None
    pads = _pads(node, weights.shape[0])
    if pads is None or pads[2:] != [1, 1] or width % 4:
        return None
    rows, bias = int(result[1] or 0), _bias(graph, node)
    return Convolution(node, weights, height, width, rows, pads[:2], bias)


def _pads(node: NodeDef, kernel_height: int) -> list[int] | None:
    """Top, bottom, left and right."""
    padding = node.attr["padding"].s
    if padding == b"SAME":
        return [(kernel_height - 1) // 2, kernel_height // 2, 1, 1]
    if padding == b"EXPLICIT":
        return [int(amount) for amount in node.attr["explicit_paddings"].list.i[2:6]]
    return None


def _bias(graph: Graph, node: NodeDef) -> str | None:
    bias = graph.only_reader(str(node.name))
    if bias is None or bias.op != "BiasAdd" or not is_channels_last(bias):
        return None
    if not graph.constant_node(bias.input[1]):
        return None
    return str(bias.input[1])
