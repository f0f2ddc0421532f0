"""Resize of axes whose sizes are known while the model runs alone.

TensorFlow's resize kernels where they take the same samples, whatever the sizes; elsewhere the
places of the samples are computed, and gathered along each axis. The formulas are those of
`resize_weights.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.operators.registry import Node
from sigfix.importing.preflight_sizes import RESIZED, needs_sizes
from sigfix.importing.static_values import as_array, elements_of, known_elements

ROUNDING = {
    "round_prefer_floor": lambda p: tf.math.ceil(p - 0.5),
    "round_prefer_ceil": lambda p: tf.floor(p + 0.5),
    "floor": tf.floor,
    "ceil": tf.math.ceil,
}


@dataclass(frozen=True)
class OpenAxis:
    """An axis: `size` samples become `target` (numbers, or int32 scalars), by `scale`.

    `scale` is a number, a float32 scalar, or None for target / size.
    """

    axis: int
    size: Any
    target: Any
    scale: Any

    @property
    def is_exact(self) -> bool:
        """Whether the scale is target / size, whatever the size."""
        return self.scale is None or self.grows_evenly

    @property
    def grows_evenly(self) -> bool:
        """Whether each sample becomes the same whole number of samples, two or more."""
        return isinstance(self.scale, float) and self.scale >= 2 and self.scale.is_integer()

    @property
    def step(self) -> Any:
        """Target samples a source sample, as float32."""
        if self.scale is not None:
            return self.scale
        return tf.cast(self.target, tf.float32) / tf.cast(self.size, tf.float32)


def is_open(x: Any, places: list[int], scales: Any, sizes: Any = None) -> bool:
    """Whether an axis is dynamic that is resized: batch and channels keep their sizes."""
    known = None if scales is None else as_array(scales)
    wanted = [None] * len(places) if sizes is None else known_elements(sizes)
    return any(
        axis > 1
        and (
            (x.shape[axis] is None and (known is None or known[place] != 1))
            or (sizes is not None and (wanted is None or wanted[place] is None))
        )
        for place, axis in enumerate(places)
    ) or (scales is not None and known is None)


def resize_open(node: Node, x: Any, places: list[int], scales: Any, sizes: Any) -> Any:
    """Resize with sizes that are computed; the result has x's layout."""
    mode = node.text("mode", "nearest")
    coordinates = node.text("coordinate_transformation_mode", "half_pixel")
    if needs_sizes(node.attributes):  # whose input is static, and its result is not
        raise node.refuse_dynamic(RESIZED)
    axes = [a for a in _axes(node, x, places, scales, sizes) if a is not None]
    if mode == "nearest":
        return _nearest(x, axes, coordinates, node.text("nearest_mode", "round_prefer_floor"))
    if not x.dtype.is_floating:
        raise node.refuse(f"interpolating {x.dtype.name} is not supported")
    if mode == "cubic":
        for axis in axes:
            x = _cubic(x, axis, coordinates, node)
        return x
    return _linear(x, axes, coordinates)


def _axes(node: Node, x: Any, places: list[int], scales: Any, sizes: Any) -> list[OpenAxis | None]:
    own = tf.shape(x)
    lengths = [own[a] if x.shape[a] is None else int(x.shape[a]) for a in places]
    found: list[OpenAxis | None] = []
    if scales is None:
        wanted = elements_of(sizes)
        if wanted is None or len(wanted) != len(places):
            raise node.refuse_dynamic("the number of its sizes is dynamic")
        for axis, size, target in zip(places, lengths, wanted, strict=True):
            same = axis < 2 or (isinstance(size, int) and target == size)
            found.append(None if same else OpenAxis(axis, size, target, None))
        return found
    known = as_array(scales)
    for place, (axis, size) in enumerate(zip(places, lengths, strict=True)):
        scale = scales[place] if known is None else float(known[place])
        if axis < 2 or (isinstance(scale, float) and scale == 1):
            found.append(None)
            continue
        if isinstance(size, int) and isinstance(scale, float):
            target = int(np.floor(size * scale))
        elif isinstance(scale, float) and scale.is_integer():
            target = size * int(scale)
        else:
            target = tf.cast(tf.floor(tf.cast(size, tf.float32) * scale), tf.int32)
        found.append(OpenAxis(axis, size, target, scale))
    return found


def _nearest(x: Any, axes: list[OpenAxis], coordinates: str, rounding: str) -> Any:
    down = coordinates == "asymmetric" and rounding == "floor" and all(a.is_exact for a in axes)
    even = "half_pixel" in coordinates and rounding.startswith("round")
    if _is_image(x, axes) and (down or (even and all(a.grows_evenly for a in axes))):
        images, size = layout.channels_last(x), _extent(x, axes)
        return _placed(tf.raw_ops.ResizeNearestNeighbor(images=images, size=size), x, axes)
    for axis in axes:
        places = ROUNDING[rounding](_places(axis, coordinates))
        x = tf.gather(x, tf.cast(_inside(places, axis), tf.int32), axis=axis.axis)
    return x


def _linear(x: Any, axes: list[OpenAxis], coordinates: str) -> Any:
    always = coordinates != "pytorch_half_pixel" or all(a.grows_evenly for a in axes)
    if _is_image(x, axes) and always and all(a.is_exact for a in axes):
        made = tf.raw_ops.ResizeBilinear(
            images=layout.channels_last(x),
            size=_extent(x, axes),
            half_pixel_centers="half_pixel" in coordinates,
            align_corners=coordinates == "align_corners",
        )
        return _placed(made, x, axes)
    for axis in axes:
        places = _inside(_places(axis, coordinates), axis)
        low = tf.floor(places)
        high = _inside(low + 1, axis)
        shape = [-1 if i == axis.axis else 1 for i in range(x.shape.rank)]
        share = tf.cast(tf.reshape(places - low, shape), x.dtype)
        first, second = (
            tf.gather(x, tf.cast(index, tf.int32), axis=axis.axis) for index in (low, high)
        )
        x = first + (second - first) * share
    return x


def _cubic(x: Any, axis: OpenAxis, coordinates: str, node: Node) -> Any:
    """Along one axis: four samples for each, by Keys' kernel."""
    a = float(node.attributes.get("cubic_coeff_a", -0.75))
    places = _places(axis, coordinates)
    low = tf.floor(places)
    shape = [-1 if i == axis.axis else 1 for i in range(x.shape.rank)]
    total: Any = 0.0
    weights: Any = 0.0
    for offset in (-1, 0, 1, 2):
        source = low + offset
        d = tf.abs(places - source)
        near = ((a + 2) * d - (a + 3)) * d * d + 1
        far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
        share = near if offset in (0, 1) else far
        inside = _inside(source, axis)
        if node.attributes.get("exclude_outside", 0):
            share = share * tf.cast(tf.equal(inside, source), tf.float32)
        taken = tf.gather(x, tf.cast(inside, tf.int32), axis=axis.axis)
        total = total + taken * tf.cast(tf.reshape(share, shape), x.dtype)
        weights = weights + share
    return total / tf.cast(tf.reshape(weights, shape), x.dtype)


def _places(axis: OpenAxis, coordinates: str) -> Any:
    """Where each output sample lies, in source samples: float32 [target]."""
    index = tf.cast(tf.range(axis.target), tf.float32)
    if coordinates == "align_corners":
        steps = tf.cast(tf.maximum(axis.target - 1, 1), tf.float32)
        return index * tf.cast(axis.size - 1, tf.float32) / steps
    if coordinates == "asymmetric":
        return index / axis.step
    half = (index + 0.5) / axis.step - 0.5
    if coordinates == "pytorch_half_pixel":
        return half * tf.cast(tf.greater(axis.target, 1), tf.float32)
    if coordinates == "half_pixel_symmetric":
        size, target = (tf.cast(n, tf.float32) for n in (axis.size, axis.target))
        return half + size / 2 * (1 - target / (axis.step * size))
    return half


def _inside(places: Any, axis: OpenAxis) -> Any:
    return tf.maximum(tf.minimum(places, tf.cast(axis.size - 1, tf.float32)), 0.0)


def _is_image(x: Any, axes: list[OpenAxis]) -> bool:
    image = x.shape.rank == 4 and x.dtype == tf.float32
    return bool(axes) and image and all(a.axis in (2, 3) for a in axes)


def _extent(x: Any, axes: list[OpenAxis]) -> Any:
    own = tf.shape(x)
    targets = {a.axis: a.target for a in axes}
    sizes = [own[a] if x.shape[a] is None else x.shape[a] for a in (2, 3)]
    return tf.stack([targets.get(axis, size) for axis, size in zip((2, 3), sizes, strict=True)])


def _placed(made: Any, x: Any, axes: list[OpenAxis]) -> Any:
    """A kernel's result [N, H, W, C] in ONNX's layout, with the sizes that are known."""
    targets = {a.axis: a.target if isinstance(a.target, int) else None for a in axes}
    height, width = (targets.get(axis, x.shape[axis]) for axis in (2, 3))
    made.set_shape([x.shape[0], height, width, x.shape[1]])
    return layout.channels_first(made)
