"""Winograd's F(4, 3): the transforms of tiles, of kernels and of products, as operators.

Four neighbouring results of a row from a tile of six elements and three weights p, q and r, with
six products (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015,
arXiv:1509.09308). `winograd_forms.py` puts them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sigfix.optimising.graph.building import add_convolution, add_padding, reshape
from sigfix.optimising.graph.graph import Graph, NodeDef
from sigfix.optimising.graph.operator_kinds import DT_FLOAT

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


@dataclass(frozen=True)
class Arithmetic:
    """Adds element-wise operators to a graph; each call returns the name of the new node."""

    graph: Graph
    base: str

    def __call__(self, op: str, left: str, right: str) -> str:
        """The operator `op` of two tensors."""
        return str(self.graph.add_node(f"{self.base}/{op}", op, [left, right], DT_FLOAT).name)

    def times(self, reference: str, factor: int) -> str:
        """A tensor times a whole number."""
        value = self.graph.add_constant(f"{self.base}/times", np.array(factor, np.float32))
        return self("Mul", reference, value)


def tile_kernels(graph: Graph, channels: int, base: str) -> list[str]:
    """The six depthwise kernels [1, taps, C, 1] that transform tiles."""
    return [_tile_kernel(graph, place, channels, base) for place in range(6)]


def _tile_kernel(graph: Graph, place: int, channels: int, base: str) -> str:
    row = TILES[place]
    taps = [*row, *[0] * (WIDE - 6)] if _is_outer(place) else row[1:5]
    kernel = np.tile(np.array(taps, np.float32)[None, :, None, None], (1, 1, channels, 1))
    return graph.add_constant(f"{base}/tile_{place}", kernel)


def _is_outer(place: int) -> bool:
    """Whether a row of `TILES` reaches over the padding; the others read elements 1 to 4."""
    return place in (0, 5)


def transformed_tiles(
    graph: Graph, source: str, width: int, channels: int, kernels: Sequence[str], like: NodeDef
) -> list[str]:
    """The transformed tiles [B * H, 1, W / 4, C] of an image [B, H, W, C], six of them.

    Rows are images of height one: TensorFlow wants the same stride for height and width.
    """
    base = str(like.name)
    lines = reshape(graph, source, [None, 1, width, channels], DT_FLOAT, base)
    amounts = [(0, 0), (0, 0), (1, WIDE - 5), (0, 0)]
    padded = add_padding(graph, f"{base}/padded", lines, amounts, like)
    tiles = []
    for place, kernel in enumerate(kernels):
        inputs = [str(padded.name) if _is_outer(place) else lines, kernel]
        name = f"{base}/tiles_{place}"
        tile = add_convolution(graph, name, "DepthwiseConv2dNative", inputs, like, stride=4)
        tiles.append(str(tile.name))
    return tiles


def transformed_kernels(of: Arithmetic, p: str, q: str, r: str) -> list[str]:
    """p, p + q + r, p - q + r, p + 2 q + 4 r, p - 2 q + 4 r and r."""
    ends = of("AddV2", p, r)
    far, middle = of("AddV2", p, of.times(r, 4)), of.times(q, 2)
    near = [of("AddV2", ends, q), of("Sub", ends, q)]
    return [p, *near, of("AddV2", far, middle), of("Sub", far, middle), r]


def transformed_products(of: Arithmetic, m: Sequence[str]) -> list[str]:
    """The four results of each tile from its six products: Lavin and Gray's A^T.

    The second product is in every result once.
    """
    a, b = of("AddV2", m[1], m[2]), of("Sub", m[1], m[2])
    c, d = of("AddV2", m[3], m[4]), of("Sub", m[3], m[4])
    first = of("AddV2", of("AddV2", m[0], a), c)
    last = of("AddV2", of("AddV2", b, of.times(d, 8)), m[5])
    return [first, of("AddV2", b, of.times(d, 2)), of("AddV2", a, of.times(c, 4)), last]
