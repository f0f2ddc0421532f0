"""Which source samples each output sample of a Resize is made of, as arrays.

Source of the formulas: ONNX's specification of Resize (coordinate_transformation_mode,
nearest_mode, Keys' cubic kernel, antialias). Computed in float32 where ONNX Runtime does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
CROP = "tf_crop_and_resize"
COORDINATES = (
    "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "asymmetric", "align_corners", CROP,
)  # fmt: skip
ROUNDING: dict[str, Callable[[Array], Array]] = {
    "round_prefer_floor": lambda p: np.ceil(p - 0.5),
    "round_prefer_ceil": lambda p: np.floor(p + 0.5),
    "floor": np.floor,
    "ceil": np.ceil,
}


@dataclass(frozen=True)
class Axis:
    """One resized axis: `size` samples become `target`, `scale` apart in source samples.

    `region` is the cropped part of the axis, from 0 (its first sample) to 1 (its last).
    """

    axis: int
    size: int
    target: int
    scale: float
    region: tuple[float, float] = (0.0, 1.0)

    @property
    def is_plain(self) -> bool:
        """Whether the scale is target / size and one divides the other: no rounding anywhere."""
        whole = self.target % self.size == 0 or self.size % self.target == 0
        return whole and self.is_exact

    @property
    def is_exact(self) -> bool:
        """Whether the scale is target / size: not so where the target was rounded down."""
        return abs(self.scale * self.size - self.target) < 1e-6 * self.target


def positions(axis: Axis, coordinates: str) -> Array:
    """Where each output sample lies, in source samples."""
    index, scale = np.arange(axis.target, dtype=np.float32), np.float32(axis.scale)
    if coordinates == CROP:
        start, end = (np.float32(edge * (axis.size - 1)) for edge in axis.region)
        if axis.target == 1:
            return np.array([0.5 * (start + end)])
        return np.asarray(start + index * (end - start) / np.float32(axis.target - 1))
    if coordinates == "align_corners":
        return np.asarray(index * np.float32(axis.size - 1) / np.float32(max(axis.target - 1, 1)))
    if coordinates == "asymmetric":
        return np.asarray(index / scale)
    if coordinates == "pytorch_half_pixel" and axis.target == 1:
        return np.zeros(1)
    half = (index + np.float32(0.5)) / scale - np.float32(0.5)
    if coordinates == "half_pixel_symmetric":
        adjustment = axis.target / (axis.scale * axis.size)
        return np.asarray(half + np.float32(axis.size / 2 * (1 - adjustment)))
    return np.asarray(half)


def is_inside(axis: Axis, places: Array) -> Array:
    """Which positions lie between the first and the last sample."""
    return np.asarray((places >= 0) & (places <= axis.size - 1))


def nearest_indices(axis: Axis, coordinates: str, rounding: str) -> Array:
    """The one source sample of each output sample."""
    rounded = ROUNDING[rounding](positions(axis, coordinates))
    return np.asarray(np.clip(rounded, 0, axis.size - 1).astype(np.int32))


def linear_weights(axis: Axis, places: Array) -> Array:
    """[target, size]; positions outside take the edge."""
    places = np.clip(places, 0, axis.size - 1)
    low = np.floor(places).astype(int)
    high = np.minimum(low + 1, axis.size - 1)
    weights = np.zeros((axis.target, axis.size))
    rows = np.arange(axis.target)
    np.add.at(weights, (rows, low), 1 - (places - low))
    np.add.at(weights, (rows, high), places - low)
    return weights


def _triangle(distance: Array, coefficient: float) -> Array:
    return np.asarray(np.clip(1 - distance, 0, None))


def _keys(distance: Array, a: float) -> Array:
    near = (a + 2) * distance**3 - (a + 3) * distance**2 + 1
    far = a * distance**3 - 5 * a * distance**2 + 8 * a * distance - 4 * a
    return np.asarray(np.where(distance <= 1, near, np.where(distance < 2, far, 0.0)))


def filter_weights(
    axis: Axis,
    places: Array,
    mode: str,
    coefficient: float,
    *,
    antialias: bool,
    exclude_outside: bool,
) -> Array:
    """[target, size] of a linear or cubic kernel, as wide as the step between samples if asked.

    Samples outside are the edge's, or have no weight with `exclude_outside`.
    """
    stretch = max(1 / axis.scale, 1.0) if antialias else 1.0
    kernel, reach = (_triangle, 1) if mode == "linear" else (_keys, 2)
    weights = np.zeros((axis.target, axis.size))
    rows = np.arange(axis.target)
    low = np.floor(places).astype(int)
    span = int(np.ceil(reach * stretch))
    for offset in range(-span, span + 2):
        source = low + offset
        share = kernel(np.abs(places - source) / stretch, coefficient)
        if exclude_outside:
            share = np.where((source < 0) | (source >= axis.size), 0.0, share)
        np.add.at(weights, (rows, np.clip(source, 0, axis.size - 1)), share)
    return np.asarray(weights / weights.sum(1, keepdims=True))
