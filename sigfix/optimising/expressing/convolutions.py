"""Convolutions that TensorFlow.js has not: in groups, and transposed ones of volumes."""

from __future__ import annotations

import numpy as np

from sigfix.optimising.expressing.writing import Reference, Rule, Writer
from sigfix.optimising.graph.graph import Array
from sigfix.optimising.graph.operator_kinds import DT_INT32, is_channels_last


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


CONVOLUTIONS: dict[str, Rule] = {
    "Conv2D": _grouped,
    "Conv3DBackpropInputV2": _transposed_volume,
}
"""Operator -> its rule."""
