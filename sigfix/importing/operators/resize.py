"""Resize and Upsample: the kernels of TensorFlow where they mean the same, else exact weights.

ONNX Resize has more ways to place samples than TensorFlow. Which source samples an output sample
is made of is a constant here (sizes are static), so it is computed in full, as ONNX's
specification of Resize has it. Where one of TensorFlow's resize kernels takes the same samples
it is used; elsewhere nearest neighbours become a gather, and linear or cubic interpolation a
product with the matrix of weights along each axis.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.operators.registry import Node, onnx_operator
from sigfix.importing.static_values import known_elements

Array = np.ndarray[Any, Any]
COORDINATES = ("half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners")
ROUNDING: dict[str, Callable[[Array], Array]] = {
    "round_prefer_floor": lambda p: np.ceil(p - 0.5),
    "round_prefer_ceil": lambda p: np.floor(p + 0.5),
    "floor": np.floor,
    "ceil": np.ceil,
}


@dataclass(frozen=True)
class Axis:
    """One resized axis: `size` samples become `target`, `scale` apart in source samples."""

    axis: int
    size: int
    target: int
    scale: float

    @property
    def is_plain(self) -> bool:
        """Whether the scale is target / size and one divides the other: no rounding anywhere."""
        whole = self.target % self.size == 0 or self.size % self.target == 0
        return whole and abs(self.scale * self.size - self.target) < 1e-6 * self.target


@onnx_operator("Resize", 11, 13, 18, 19)
def resize(node: Node, x: Any, roi: Any, scales: Any = None, sizes: Any = None) -> Any:
    """Resize to static sizes: nearest, linear or cubic, without antialiasing or cropping."""
    mode = node.text("mode", "nearest")
    coordinates = node.text("coordinate_transformation_mode", "half_pixel")
    if mode not in ("nearest", "linear", "cubic"):
        raise node.refuse(f"mode {mode} is not supported")
    if coordinates not in COORDINATES:
        raise node.refuse(f"coordinate_transformation_mode {coordinates} is not supported")
    if node.attributes.get("antialias", 0):
        raise node.refuse("antialias is not supported")
    if node.text("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise node.refuse("keep_aspect_ratio_policy is not supported")
    axes = _resized_axes(node, x, scales, sizes)
    if not axes:
        return x
    if mode == "nearest":
        rounding = node.text("nearest_mode", "round_prefer_floor")
        return _nearest(x, axes, [_nearest_indices(a, coordinates, rounding) for a in axes])
    return _interpolated(node, x, axes, mode, coordinates)


@onnx_operator("Upsample", 7, 9)
def upsample(node: Node, x: Any, scales: Any = None) -> Any:
    """Resize with asymmetric coordinates; nearest neighbours are rounded down."""
    if scales is None:
        scales = np.array(node.attributes["scales"], np.float32)
    axes = _resized_axes(node, x, scales, None)
    if any(a.scale < 1 for a in axes):
        raise node.refuse("scales below 1 are not supported")
    mode = node.text("mode", "nearest")
    if mode == "nearest":
        return _nearest(x, axes, [_nearest_indices(a, "asymmetric", "floor") for a in axes])
    return _interpolated(node, x, axes, "linear", "asymmetric")


@onnx_operator("Resize", 10)
def resize_10(node: Node, x: Any, scales: Any) -> Any:
    """The first Resize is Upsample that may shrink too; shrinking is not supported."""
    return upsample(node, x, scales)


def _resized_axes(node: Node, x: Any, scales: Any, sizes: Any) -> list[Axis]:
    named = node.attributes.get("axes")
    rank = x.shape.rank
    places = list(range(rank)) if named is None else [a % rank for a in named]
    if sizes is not None:
        wanted: list[Any] = known_elements(sizes) or [None] * len(places)
    elif scales is not None:
        wanted = list(node.constant(scales, "scales").astype(float))
    else:
        raise node.refuse("it has neither scales nor sizes")
    result = []
    for axis, value in zip(places, wanted, strict=True):
        size = x.shape[axis]
        if size is None:
            if sizes is None and value != 1:
                raise node.refuse(f"axis {axis} is dynamic and cannot be resized")
            continue  # sizes along a dynamic axis: its own size, as every exporter writes it
        if value is None:
            raise node.refuse("its sizes are computed at run time; sigfix needs static ones")
        if sizes is not None:
            target, scale = int(value), value / size
        else:
            target, scale = int(np.floor(size * value)), float(value)
        if target != size or scale != 1:
            result.append(Axis(axis, int(size), target, float(scale)))
    return result


def _positions(axis: Axis, coordinates: str) -> Array:
    """Where each output sample lies, in source samples; in float32, as ONNX Runtime computes."""
    index, scale = np.arange(axis.target, dtype=np.float32), np.float32(axis.scale)
    if coordinates == "align_corners":
        return np.asarray(index * np.float32(axis.size - 1) / np.float32(max(axis.target - 1, 1)))
    if coordinates == "asymmetric":
        return np.asarray(index / scale)
    if coordinates == "pytorch_half_pixel" and axis.target == 1:
        return np.zeros(1)
    return np.asarray((index + np.float32(0.5)) / scale - np.float32(0.5))


def _nearest_indices(axis: Axis, coordinates: str, rounding: str) -> Array:
    positions = _positions(axis, coordinates)
    rounded = ROUNDING[rounding](positions)
    return np.asarray(np.clip(rounded, 0, axis.size - 1).astype(np.int32))


def _nearest(x: Any, axes: list[Axis], indices: list[Array]) -> Any:
    if _is_image(x, axes) and all(
        a.is_plain and np.array_equal(i, np.arange(a.target) * a.size // a.target)
        for a, i in zip(axes, indices, strict=True)
    ):
        y = tf.raw_ops.ResizeNearestNeighbor(images=layout.channels_last(x), size=_extent(x, axes))
        return layout.channels_first(y)
    for axis, index in zip(axes, indices, strict=True):
        x = tf.gather(x, tf.constant(index), axis=axis.axis)
    return x


def _interpolated(node: Node, x: Any, axes: list[Axis], mode: str, coordinates: str) -> Any:
    if mode == "linear" and _is_image(x, axes) and _has_kernel(x, axes, coordinates):
        y = tf.raw_ops.ResizeBilinear(
            images=layout.channels_last(x),
            size=_extent(x, axes),
            half_pixel_centers="half_pixel" in coordinates,
            align_corners=coordinates == "align_corners",
        )
        return layout.channels_first(y)
    for axis in axes:
        positions = _positions(axis, coordinates)
        if mode == "linear":
            weights = _linear_weights(axis, positions)
        else:
            weights = _cubic_weights(node, axis, positions)
        matrix = tf.constant(weights.T.astype(x.dtype.as_numpy_dtype))
        rank = x.shape.rank
        order = [i for i in range(rank) if i != axis.axis]
        turned = layout.transpose(x, [*order, axis.axis])
        x = layout.transpose(tf.tensordot(turned, matrix, 1), layout.inverse([*order, axis.axis]))
    return x


def _is_image(x: Any, axes: list[Axis]) -> bool:
    """Whether only height and width change; TensorFlow's kernels give float32."""
    return x.shape.rank == 4 and x.dtype == tf.float32 and all(a.axis in (2, 3) for a in axes)


def _has_kernel(x: Any, axes: list[Axis], coordinates: str) -> bool:
    if coordinates == "pytorch_half_pixel" and any(a.target == 1 for a in axes):
        return False
    # TensorFlow always steps by size / target: a scale that was rounded away is another one.
    exact = all(abs(a.scale * a.size - a.target) < 1e-6 * a.target for a in axes)
    return exact or coordinates == "align_corners"


def _extent(x: Any, axes: list[Axis]) -> list[int]:
    targets = {a.axis: a.target for a in axes}
    return [targets.get(axis, x.shape[axis]) for axis in (2, 3)]


def _linear_weights(axis: Axis, positions: Array) -> Array:
    """[target, size]; positions outside take the edge."""
    positions = np.clip(positions, 0, axis.size - 1)
    low = np.floor(positions).astype(int)
    high = np.minimum(low + 1, axis.size - 1)
    weights = np.zeros((axis.target, axis.size))
    rows = np.arange(axis.target)
    np.add.at(weights, (rows, low), 1 - (positions - low))
    np.add.at(weights, (rows, high), positions - low)
    return weights


def _cubic_weights(node: Node, axis: Axis, positions: Array) -> Array:
    """[target, size] of Keys' convolution kernel with coefficient `cubic_coeff_a`."""
    a = float(node.attributes.get("cubic_coeff_a", -0.75))
    low = np.floor(positions).astype(int)
    weights = np.zeros((axis.target, axis.size))
    rows = np.arange(axis.target)
    for offset in range(-1, 3):
        distance = np.abs(positions - (low + offset))
        near = (a + 2) * distance**3 - (a + 3) * distance**2 + 1
        far = a * distance**3 - 5 * a * distance**2 + 8 * a * distance - 4 * a
        share = np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))
        source = low + offset
        if node.attributes.get("exclude_outside", 0):
            share = np.where((source < 0) | (source >= axis.size), 0.0, share)
        np.add.at(weights, (rows, np.clip(source, 0, axis.size - 1)), share)
    return np.asarray(weights / weights.sum(1, keepdims=True))
