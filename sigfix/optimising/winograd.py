"""Convolutions with kernels three wide in half the multiplications: Winograd's F(4, 3) along rows.

Four neighbouring results of a row need 4 x 3 products the plain way and 6 this way (Lavin and Gray,
"Fast Algorithms for Convolutional Neural Networks", 2015, arXiv:1509.09308): the row is cut into
overlapping tiles of six, each tile and each row of the kernel is transformed (`TILES`, `kernels`),
what belongs together is multiplied, and four results come back from six products (`_results`). The
products are convolutions themselves, of kernels one wide. Rounding errors grow by about ten; exact
otherwise.

It pays on the CPU, where TF.js's time is multiplications, and not on a GPU, so it is for the wasm
target only. The transformed kernels are computed anew each time: stored, they would double the
file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sigfix.optimising.affine import Array
from sigfix.optimising.building import add_bias, add_concatenation, add_convolution
from sigfix.optimising.graph import Graph, NodeDef
from sigfix.optimising.operator_kinds import DT_FLOAT, DT_INT32
from sigfix.optimising.rows import reshape
from sigfix.optimising.shapes import Shapes, infer_shapes

TILES = (
    (24, 0, -30, 0, 6, 0),
    (0, 16, 16, -4, -4, 0),
    (0, -16, 16, 4, -4, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 96, 0, -120, 0, 24),
)
"""What each product takes of the six elements of a tile, for kernels that are divided by 24.

Lavin and Gray's B^T, its rows scaled so that all of them, and the transform of the kernel, are
whole numbers: these are not rounded when weights are stored in a narrower type.
"""
KERNEL_SCALE = 24.0
WIDE = 9
"""Taps of a tile's outer transforms: TF.js's wasm backend (4.22) runs depthwise kernels of 3, 4, 9
and 25 taps through XNNPACK's own code, others ten times slower."""

# Nanoseconds in TF.js 4.22's wasm backend, one thread.
PER_PRODUCT = 1 / 15.5
PER_TILE_CHANNEL = 6.0
PER_RESULT = 7.0
PER_WEIGHT = 9.3
PER_CONVOLUTION = 260_000.0
WORTHWHILE = 0.8
"""Part of the plain convolution's time that is worth so many operators."""


@dataclass(frozen=True)
class _Plan:
    """A convolution [B, height, width, C] -> [B, rows, width, O] and its weights [K, 3, C, O]."""

    node: NodeDef
    weights: Array
    height: int
    width: int
    rows: int
    pads: list[int]
    """Of the height, before and after."""


def use_winograd(graph: Graph) -> int:
    """Rewrite every convolution that is worth it in a batch of one; returns how many."""
    candidates = [node for node in graph.nodes.values() if node.op == "Conv2D"]
    shapes = infer_shapes(graph) if candidates else {}
    plans = [plan for node in candidates for plan in [_plan(graph, node, shapes)] if plan]
    transforms: dict[int, list[str]] = {}
    for plan in plans:
        _rewrite(graph, plan, transforms)
    if plans:
        graph.prune()
    return len(plans)


def _plan(graph: Graph, node: NodeDef, shapes: Shapes) -> _Plan | None:
    source, result = shapes.get(node.input[0]), shapes.get(node.name)
    if node.attr["T"].type != DT_FLOAT or node.attr["data_format"].s == b"NCHW":
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
    plan = _Plan(node, weights, height, width, int(result[1] or 0), pads[:2])
    return plan if _is_worthwhile(plan) else None


def _pads(node: NodeDef, kernel_height: int) -> list[int] | None:
    """Top, bottom, left and right."""
    padding = node.attr["padding"].s
    if padding == b"SAME":
        return [(kernel_height - 1) // 2, kernel_height // 2, 1, 1]
    if padding == b"EXPLICIT":
        return [int(amount) for amount in node.attr["explicit_paddings"].list.i[2:6]]
    return None


def _is_worthwhile(plan: _Plan) -> bool:
    taps, _, channels, outputs = plan.weights.shape
    tiles = plan.width // 4
    products = plan.rows * tiles * taps * channels * outputs
    plain = 12 * products * PER_PRODUCT
    fast = (
        6 * products * PER_PRODUCT
        + plan.height * tiles * channels * PER_TILE_CHANNEL
        + plan.rows * tiles * outputs * PER_RESULT
        + plan.weights.size * PER_WEIGHT
        + PER_CONVOLUTION
    )
    return bool(fast < WORTHWHILE * plain)


def _rewrite(graph: Graph, plan: _Plan, transforms: dict[int, list[str]]) -> None:
    node, base = plan.node, str(plan.node.name)
    channels, outputs = plan.weights.shape[2:]
    if channels not in transforms:
        transforms[channels] = [_transform(graph, k, channels, base) for k in range(6)]
    tiles = _tiles(graph, plan, transforms[channels])
    products = []
    for k, (tile, kernel) in enumerate(zip(tiles, _kernels(graph, plan), strict=True)):
        name, pads = f"{base}/product_{k}", (plan.pads, (0, 0))
        product = add_convolution(graph, name, "Conv2D", [tile, kernel], node, pads=pads)
        products.append(str(product.name))
    last = base
    bias = graph.only_reader(base)
    if bias is not None and bias.op == "BiasAdd" and graph.constant_node(bias.input[1]):
        # Every result has this product in it once.
        added = add_bias(graph, f"{base}/biased", products[1], bias.input[1], node)
        products[1], last = str(added.name), str(bias.name)
    axis = graph.add_constant(f"{base}/axis", np.array(3, np.int32))
    parts = _results(_Arithmetic(graph, base), products)
    joined = add_concatenation(graph, f"{base}/joined", parts, axis, node)
    size = [None, plan.rows, plan.width, outputs]
    graph.replace(last, reshape(graph, str(joined.name), size, DT_FLOAT, base))


def _transform(graph: Graph, place: int, channels: int, base: str) -> str:
    """The depthwise kernel [1, taps, C, 1] of one row of `TILES`."""
    row = TILES[place]
    taps = [*row, *[0] * (WIDE - 6)] if _is_outer(place) else row[1:5]
    kernel = np.tile(np.array(taps, np.float32)[None, :, None, None], (1, 1, channels, 1))
    return graph.add_constant(f"{base}/tile_{place}", kernel)


def _is_outer(place: int) -> bool:
    """Whether a row of `TILES` reaches over the padding; the others read elements 1 to 4."""
    return place in (0, 5)


def _tiles(graph: Graph, plan: _Plan, transforms: list[str]) -> list[str]:
    """The transformed tiles [B, height, width / 4, C], six of them.

    Rows are images of height one: TensorFlow wants the same stride for height and width.
    """
    node, base = plan.node, str(plan.node.name)
    channels = plan.weights.shape[2]
    lines = reshape(graph, node.input[0], [None, 1, plan.width, channels], DT_FLOAT, base)
    amounts = np.array([[0, 0], [0, 0], [1, WIDE - 5], [0, 0]], np.int32)
    margin = graph.add_constant(f"{base}/margin", amounts)
    padded = graph.add_node(f"{base}/padded", "Pad", [lines, margin], node)
    padded.attr["Tpaddings"].type = DT_INT32
    tiles = []
    for place, kernel in enumerate(transforms):
        source = str(padded.name) if _is_outer(place) else lines
        name, inputs = f"{base}/tiles_{place}", [source, kernel]
        tile = add_convolution(graph, name, "DepthwiseConv2dNative", inputs, node, stride=4)
        size = [None, plan.height, plan.width // 4, channels]
        tiles.append(reshape(graph, str(tile.name), size, DT_FLOAT, base))
    return tiles


def _kernels(graph: Graph, plan: _Plan) -> list[str]:
    """The transformed kernels [K, 1, C, O]: p, p + q + r, p - q + r, p +- 2 q + 4 r and r."""
    base = f"{plan.node.name}/kernel"
    scaled = (plan.weights.astype(np.float64) / KERNEL_SCALE).astype(np.float32)
    p, q, r = (
        graph.add_constant(base, np.ascontiguousarray(scaled[:, i : i + 1])) for i in range(3)
    )
    of = _Arithmetic(graph, base)
    ends = of("AddV2", p, r)
    far, middle = of("AddV2", p, of.times(r, 4)), of.times(q, 2)
    near = [of("AddV2", ends, q), of("Sub", ends, q)]
    return [p, *near, of("AddV2", far, middle), of("Sub", far, middle), r]


def _results(of: _Arithmetic, m: list[str]) -> list[str]:
    """The four results of each tile: Lavin and Gray's A^T."""
    a, b = of("AddV2", m[1], m[2]), of("Sub", m[1], m[2])
    c, d = of("AddV2", m[3], m[4]), of("Sub", m[3], m[4])
    first = of("AddV2", of("AddV2", m[0], a), c)
    last = of("AddV2", of("AddV2", b, of.times(d, 8)), m[5])
    return [first, of("AddV2", b, of.times(d, 2)), of("AddV2", a, of.times(c, 4)), last]


@dataclass(frozen=True)
class _Arithmetic:
    """Adds element-wise operators to a graph; each call returns the name of the new node."""

    graph: Graph
    base: str

    def __call__(self, op: str, left: str, right: str) -> str:
        return str(self.graph.add_node(f"{self.base}/{op}", op, [left, right], DT_FLOAT).name)

    def times(self, reference: str, factor: int) -> str:
        value = self.graph.add_constant(f"{self.base}/times", np.array(factor, np.float32))
        return self("Mul", reference, value)
