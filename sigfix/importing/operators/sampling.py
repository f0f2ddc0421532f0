"""GridSample: an image read at places between its pixels, as gathers and weighted sums.

A row of the grid says where across and where down, from -1 to 1. Source: ONNX's reference and ONNX
Runtime, which differ from PyTorch in nothing here.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.open_sizes import product, reshaped, sizes_of
from sigfix.importing.operators.registry import Node, onnx_operator

CUBIC = -0.75
"""How far a cubic curve swings, as ONNX has it."""
_MODES = {"linear": "bilinear", "cubic": "bicubic"}


@onnx_operator("GridSample", 16, 20, 22)
def grid_sample(node: Node, x: Any, grid: Any) -> Any:
    """[N, C, H, W] read at [N, h, w, 2]: [N, C, h, w]; volumes are refused."""
    if x.shape.rank != 4:
        raise node.refuse("of images alone, not of volumes")
    mode = node.text("mode", "bilinear")
    mode, padding = _MODES.get(mode, mode), node.text("padding_mode", "zeros")
    aligned = bool(node.attributes.get("align_corners", 0))
    pixels = Pixels(layout.transpose(x, [0, 2, 3, 1]), padding, aligned)
    columns, rows = (pixels.place(grid[..., axis], 2 - axis) for axis in (0, 1))
    if mode == "nearest":
        made = pixels.read(tf.round(rows), tf.round(columns))
    elif mode == "bicubic":
        made = weighted(pixels, rows, columns, _cubic, range(-1, 3))
    else:
        made = weighted(pixels, rows, columns, linear, range(2))
    return layout.transpose(made, [0, 3, 1, 2])


def weighted(pixels: Any, rows: Any, columns: Any, weigh: Any, steps: range) -> Any:
    """What `pixels` has at places, by the pixels at `steps` from each, as `weigh` weighs them."""
    top, left = tf.floor(rows), tf.floor(columns)
    down, across = weigh(rows - top), weigh(columns - left)
    total = None
    for i, down_weight in zip(steps, down, strict=True):
        line = None
        for j, across_weight in zip(steps, across, strict=True):
            read = pixels.read(top + i, left + j) * across_weight[..., None]
            line = read if line is None else line + read
        assert line is not None
        line = line * down_weight[..., None]
        total = line if total is None else total + line
    return total


def linear(part: Any) -> tuple[Any, ...]:
    """Weights of the pixels at 0 and 1, of a place that lies `part` behind 0."""
    return 1 - part, part


def _cubic(part: Any) -> tuple[Any, ...]:
    """Weights of the pixels at -1, 0, 1 and 2, of a place that lies `part` behind 0."""

    def near(t: Any) -> Any:
        return ((CUBIC + 2) * t - (CUBIC + 3)) * t * t + 1

    def far(t: Any) -> Any:
        return ((CUBIC * t - 5 * CUBIC) * t + 8 * CUBIC) * t - 4 * CUBIC

    return far(part + 1), near(part), near(1 - part), far(2 - part)


class Pixels:
    """An image [N, H, W, C], and what is read beside it."""

    def __init__(self, image: Any, padding: str, aligned: bool) -> None:
        self.sizes = sizes_of(image)
        batch, height, width, channels = self.sizes
        self.flat = reshaped(image, [product([batch, height, width]), channels])
        self.padding, self.aligned, self.dtype = padding, aligned, image.dtype
        counted = tf.range(batch)
        self.first = tf.reshape(counted * height * width, [-1, 1, 1])

    def place(self, grid: Any, axis: int) -> Any:
        """Where -1 to 1 lies among the pixels of an axis."""
        size = tf.cast(self.sizes[axis], self.dtype)
        grid = tf.cast(grid, self.dtype)
        return (grid + 1) / 2 * (size - 1) if self.aligned else ((grid + 1) * size - 1) / 2

    def _reflected(self, at: Any, size: Any) -> Any:
        if self.padding == "reflection":
            low = 0.0 if self.aligned else -0.5
            span = size - 1 if self.aligned else size
            span = tf.maximum(span, 1.0)  # one pixel reflects onto itself
            turn = (at - low) / (2 * span)
            back = (turn - tf.floor(turn)) * (2 * span)
            return span - tf.abs(back - span) + low
        return at

    def read(self, rows: Any, columns: Any) -> Any:
        """[N, h, w, C] at whole places."""
        _, height, width, _ = (tf.cast(size, self.dtype) for size in self.sizes)
        shown = None
        if self.padding == "zeros":
            shown = tf.logical_and(
                tf.logical_and(rows >= 0, rows < height),
                tf.logical_and(columns >= 0, columns < width),
            )
        rows = tf.round(self._reflected(rows, height))
        columns = tf.round(self._reflected(columns, width))
        row = tf.cast(tf.minimum(tf.maximum(rows, 0.0), height - 1), tf.int32)
        column = tf.cast(tf.minimum(tf.maximum(columns, 0.0), width - 1), tf.int32)
        found = tf.gather(self.flat, self.first + row * self.sizes[2] + column)
        if shown is None:
            return found
        return found * tf.cast(shown, self.dtype)[..., None]
