"""Convolutions that TensorFlow.js has not: in groups, and transposed ones of volumes; dilations."""

from __future__ import annotations

import numpy as np

from sigfix.optimising.expressing.writing import Reference, Rule, Writer
from sigfix.optimising.graph.graph import Array
from sigfix.optimising.graph.operator_kinds import DT_INT32, is_channels_last

LARGEST_WINDOW = 49
"""Numbers of a dilation's kernel for each channel: each takes a slice of the image."""
LOWEST = -3e38
"""What is beyond an image's edge is less than anything in it."""


def _grouped(to: Writer) -> Reference | None:
    """A convolution of each group's channels; TF.js (4.22) takes one group only."""
    x, kernel = to.operand(0), to.value(1)
    shape = to.shape(x)
    if kernel is None or shape is None or not is_channels_last(to.node) or not shape[3]:
        return None
    groups = shape[3] // kernel.shape[2]
    if groups < 2:
        return None
    copied = [a for a in ("strides", "dilations", "padding", "explicit_paddings", "data_format")
              if a in to.node.attr]  # fmt: skip
    if kernel.shape[2] == 1:
        spread = kernel.reshape(*kernel.shape[:2], groups, -1)
        return _like(to, "DepthwiseConv2dNative", x, spread, copied)
    split = to.add("Split", to.whole(3), x)
    to.made(split).attr["num_split"].i = groups
    parts = [split, *(f"{split}:{place}" for place in range(1, groups))]
    kernels = np.split(kernel, groups, axis=3)
    made = [
        _like(to, "Conv2D", part, own, copied) for part, own in zip(parts, kernels, strict=True)
    ]
    return to.join(made, 3)


def _like(to: Writer, op: str, x: Reference, kernel: Array, copied: list[str]) -> Reference:
    made = to.add(op, x, to.constant(np.ascontiguousarray(kernel)))
    for name in copied:
        to.made(made).attr[name].CopyFrom(to.node.attr[name])
    return made


def _transposed_volume(to: Writer) -> Reference | None:
    """Zeros between the volume's numbers, and a convolution with the kernel turned round."""
    kernel, x = to.value(1), to.operand(2)
    shape = to.shape(x)
    result = to.shape(str(to.node.name))
    strides = list(to.node.attr["strides"].list.i)[1:4]
    plain = is_channels_last(to.node) and set(to.node.attr["dilations"].list.i) <= {1}
    if kernel is None or shape is None or result is None or not plain:
        return None
    if None in shape[1:] or None in result[1:4]:
        return None
    same = to.node.attr["padding"].s == b"SAME"
    amounts = [(0, 0)]
    for axis, stride in enumerate(strides):
        before, wide = int(shape[axis + 1] or 0), int(result[axis + 1] or 0)
        extent = kernel.shape[axis]
        covered = (before - 1) * stride + extent
        left = max(covered - wide, 0) // 2 if same else 0
        x = _with_zeros(to, x, shape, axis + 1, stride)
        shape = [n if i != axis + 1 else (before - 1) * stride + 1 for i, n in enumerate(shape)]
        first = extent - 1 - left
        amounts.append((first, wide + extent - 1 - first - int(shape[axis + 1] or 0)))
    if any(n < 0 for pair in amounts for n in pair):
        return None
    x = _padded(to, x, [*amounts, (0, 0)])
    turned = np.ascontiguousarray(kernel[::-1, ::-1, ::-1].swapaxes(3, 4))
    made = to.made(to.add("Conv3D", x, to.constant(turned)))
    made.attr["strides"].list.i[:] = made.attr["dilations"].list.i[:] = [1] * 5
    made.attr["padding"].s, made.attr["data_format"].s = b"VALID", b"NDHWC"
    return str(made.name)


def _with_zeros(
    to: Writer, x: Reference, shape: list[int | None], axis: int, stride: int
) -> Reference:
    """`stride` - 1 zeros between two neighbours of an axis."""
    if stride == 1:
        return x
    size = int(shape[axis] or 0)
    before = int(np.prod([n or 1 for n in shape[1:axis]], dtype=int))
    behind = int(np.prod([n or 1 for n in shape[axis + 1 :]], dtype=int))
    x = to.reshape(x, [-1, before * size, 1, behind])
    x = to.reshape(_padded(to, x, [(0, 0), (0, 0), (0, stride - 1), (0, 0)]),
                   [-1, before, size * stride, behind])  # fmt: skip
    x = to.cut(x, 2, None, to.whole((size - 1) * stride + 1))
    rest = [n or 1 for n in shape[1:]]
    rest[axis - 1] = (size - 1) * stride + 1
    return to.reshape(x, [-1, *rest])


def _padded(to: Writer, x: Reference, amounts: list[tuple[int, int]]) -> Reference:
    made = to.add("Pad", x, to.whole(amounts))
    to.made(made).attr["Tpaddings"].type = DT_INT32
    return made


def _dilation(to: Writer) -> Reference | None:
    """The largest of the shifted images, each with its number of the kernel added: TF.js's wasm
    backend (4.22) computes something else."""
    kernel, shape, node = to.value(1), to.shape(to.operand(0)), to.node
    if kernel is None or shape is None or kernel[..., 0].size > LARGEST_WINDOW:
        return None
    strides, rates = (list(node.attr[name].list.i)[1:3] for name in ("strides", "rates"))
    wide = [(size - 1) * rate + 1 for size, rate in zip(kernel.shape, rates, strict=False)]
    x = to.operand(0)
    if node.attr["padding"].s == b"SAME":
        amounts = [(0, 0)]
        for size, stride, extent in zip(shape[1:3], strides, wide, strict=True):
            if size is None and stride != 1:
                return None
            more = extent - 1 if size is None else max((-(-size // stride) - 1) * stride + extent
                                                       - size, 0)  # fmt: skip
            amounts.append((more // 2, more - more // 2))
        x = to.add("PadV2", x, to.whole([*amounts, (0, 0)]), to.number(LOWEST))
        to.made(x).attr["Tpaddings"].type = DT_INT32
    found = None
    for row, column in np.ndindex(*kernel.shape[:2]):
        begin = [row * rates[0], column * rates[1]]
        part = _every(to, x, begin, [b - w + 1 for b, w in zip(begin, wide, strict=True)], strides)
        if kernel[row, column].any():
            part = to.add("AddV2", part, to.constant(kernel[row, column]))
        found = part if found is None else to.add("Maximum", found, part)
    return found


def _every(
    to: Writer, x: Reference, begin: list[int], end: list[int], strides: list[int]
) -> Reference:
    """Rows and columns from `begin` to `end`, which counts from the last one: 0 is behind it."""
    ends = [to.whole([0, *begin]), to.whole([0, *end]), to.whole([1, *strides])]
    made = to.made(to.add("StridedSlice", x, *ends))
    made.attr["Index"].type, made.attr["begin_mask"].i = DT_INT32, 1
    made.attr["end_mask"].i = 1 + sum(2 << axis for axis, place in enumerate(end) if place == 0)
    return str(made.name)


CONVOLUTIONS: dict[str, Rule] = {
    "Conv2D": _grouped,
    "Conv3DBackpropInputV2": _transposed_volume,
    "Dilation2D": _dilation,
}
"""Operator -> its rule."""
