"""RoiAlign and DeformConv: images read at places between their pixels, once for each of many.

As gathers from the pixels in one row, weighted and summed: one gather for each corner of each
sample of a region's cell, or of each cell of a kernel. Source: ONNX's reference and ONNX Runtime.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.open_sizes import axis_size, product, reshaped, sizes_of
from sigfix.importing.operators.registry import Node, onnx_operator
from sigfix.importing.operators.sampling import Pixels, linear, weighted


@onnx_operator("RoiAlign", 10, 16, 22)
def roi_align(node: Node, x: Any, regions: Any, images: Any) -> Any:
    """[N, C, H, W], corners [R, 4] and the image of each [R]: [R, C, rows, columns].

    Each cell is the mean of samples, or the largest of what their corners weigh.
    """
    samples = int(node.attributes.get("sampling_ratio", 0))
    # The largest is that of the corners, which ONNX weighs and does not add.
    join = tf.maximum if node.text("mode", "avg") == "max" else tf.add
    pixels = layout.transpose(x, [0, 2, 3, 1])
    batch, height, width, channels = sizes_of(pixels)
    flat = reshaped(pixels, [product([batch, height, width]), channels])
    first = tf.cast(tf.reshape(images, [-1, 1, 1]), tf.int32) * height * width
    left, top, right, bottom = (regions[:, side] for side in range(4))
    cells = [int(node.attributes.get(f"output_{side}", 1)) for side in ("height", "width")]
    rows = _Axis(node, (top, bottom), cells[0], height, samples)
    columns = _Axis(node, (left, right), cells[1], width, samples)
    total: Any = None
    for down, across in itertools.product(range(samples), repeat=2):
        for (row, by_row), (column, by_column) in itertools.product(
            rows.corners(down), columns.corners(across)
        ):
            place = first + row[:, :, None] * width + column[:, None, :]
            read = tf.gather(flat, place) * (by_row[:, :, None] * by_column[:, None, :])[..., None]
            total = read if total is None else join(total, read)
    if join is tf.add and samples > 1:
        total = total * (1.0 / samples**2)
    return layout.transpose(total, [0, 3, 1, 2])


class _Axis:
    """The samples along one axis of all regions, `samples` in each of their `cells`."""

    def __init__(
        self, node: Node, sides: tuple[Any, Any], cells: int, size: Any, samples: int
    ) -> None:
        scale = float(node.attributes.get("spatial_scale", 1.0))
        newer = node.since_version >= 16
        mode = node.text("coordinate_transformation_mode", "half_pixel") if newer else ""
        is_half = mode == "half_pixel"
        self.start, end = (side * scale - (0.5 if is_half else 0.0) for side in sides)
        extent = end - self.start
        self.step = (extent if is_half else tf.maximum(extent, 1.0)) / cells
        self.places, self.samples = tf.range(cells, dtype=self.step.dtype), samples
        self.size = size

    def corners(self, sample: int) -> Iterator[tuple[Any, Any]]:
        """(places [R, cells], their weights) of both pixels beside a sample of each cell."""
        part = (sample + 0.5) / self.samples
        at = self.start[:, None] + (self.places + part) * self.step[:, None]
        last = tf.cast(self.size, at.dtype) - 1
        seen = tf.cast(tf.logical_and(at >= -1.0, at <= last + 1), at.dtype)
        at = tf.minimum(tf.maximum(at, 0.0), last)
        low = tf.floor(at)
        behind = at - low
        for place, weight in ((low, 1 - behind), (tf.minimum(low + 1, last), behind)):
            yield tf.cast(place, tf.int32), weight * seen


@onnx_operator("DeformConv", 19, 22)
def deformed_convolution(
    node: Node, x: Any, weights: Any, offset: Any, bias: Any = None, mask: Any = None
) -> Any:
    """A convolution whose kernel's cells lie elsewhere at every place, by what `offset` says.

    Offsets are [N, groups * cells * 2, h, w], down and across, and masks weigh the cells.
    """
    if x.shape.rank != 4:
        raise node.refuse("of images alone, not of volumes")
    outputs, _, *kernel = weights.shape
    groups = int(node.attributes.get("offset_group", 1))
    strides = node.by_axis("strides", 2)
    dilations = node.by_axis("dilations", 2)
    pads = node.by_axis("pads", 4, 0)
    starts = []
    for axis in range(2):
        places = tf.range(axis_size(offset, 2 + axis)) * strides[axis] - pads[axis]
        shape = [1, -1, 1] if axis == 0 else [1, 1, -1]
        starts.append(tf.cast(tf.reshape(places, shape), x.dtype))
    turned = layout.transpose(x, [0, 2, 3, 1])
    offset = layout.transpose(offset, [0, 2, 3, 1])
    mask = None if mask is None else layout.transpose(mask, [0, 2, 3, 1])
    parts = [turned] if groups == 1 else tf.split(turned, groups, axis=-1)
    images = [Pixels(part, "zeros", True) for part in parts]
    cells = list(itertools.product(range(kernel[0]), range(kernel[1])))
    read = []
    for number, cell in enumerate(cells):
        of_groups = []
        for group, pixels in enumerate(images):
            place = group * len(cells) + number
            row, column = (
                starts[axis] + float(cell[axis] * dilations[axis]) + offset[..., 2 * place + axis]
                for axis in range(2)
            )
            seen = weighted(pixels, row, column, linear, range(2))
            of_groups.append(seen if mask is None else seen * mask[..., place][..., None])
        read.append(of_groups[0] if groups == 1 else tf.concat(of_groups, -1))
    return layout.transpose(_products(node, read, weights, outputs, bias), [0, 3, 1, 2])


def _products(node: Node, read: list[Any], weights: Any, outputs: int, bias: Any) -> Any:
    """[N, h, w, outputs] of what each cell of the kernel reads, [N, h, w, C]."""
    group = int(node.attributes.get("group", 1))
    kernels = tf.transpose(
        tf.reshape(weights, [group, outputs // group, -1, len(read)]), [0, 3, 2, 1]
    )
    split = [[each] if group == 1 else tf.split(each, group, axis=-1) for each in read]
    made = []
    for place in range(group):
        together = tf.concat([parts[place] for parts in split], -1)
        batch, height, width, inner = sizes_of(together)
        kernel = tf.reshape(kernels[place], [inner, outputs // group])
        rows = tf.matmul(reshaped(together, [product([batch, height, width]), inner]), kernel)
        made.append(reshaped(rows, [batch, height, width, outputs // group]))
    result = made[0] if group == 1 else tf.concat(made, -1)
    return result if bias is None else result + bias
