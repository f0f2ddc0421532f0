"""Resize and Upsample: the kernels of TensorFlow where they mean the same, else exact weights.

ONNX Resize has more ways to place samples than TensorFlow. Which source samples an output sample
is made of is a constant where sizes are static; `resize_weights.py` computes it in full. Where
one of TensorFlow's resize kernels takes the same samples it is used; elsewhere nearest neighbours
become a gather, and linear or cubic interpolation a product with the matrix of weights along each
axis.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.operators.registry import Node, onnx_operator
from sigfix.importing.operators.resize_open import is_open, resize_open
from sigfix.importing.operators.resize_weights import (
    COORDINATES,
    CROP,
    Array,
    Axis,
    filter_weights,
    is_inside,
    linear_weights,
    nearest_indices,
    positions,
)
from sigfix.importing.static_values import as_array, known_elements
from sigfix.optimising.graph.permutations import inverse


@onnx_operator("Resize", 11, 13, 18, 19)
def resize(node: Node, x: Any, roi: Any, scales: Any = None, sizes: Any = None) -> Any:
    """Resize to static sizes: nearest, linear or cubic."""
    # At opset 11 there is no leaving out: what is not meant is a tensor without elements.
    scales, sizes = (None if _is_empty(given) else given for given in (scales, sizes))
    mode = node.text("mode", "nearest")
    coordinates = node.text("coordinate_transformation_mode", "half_pixel")
    if mode not in ("nearest", "linear", "cubic"):
        raise node.refuse(f"mode {mode} is not supported")
    if coordinates not in COORDINATES:
        raise node.refuse(f"coordinate_transformation_mode {coordinates} is not supported")
    if is_open(x, _places(node, x), scales, sizes) and coordinates != CROP:
        return resize_open(node, x, _places(node, x), scales, sizes)
    axes = _resized_axes(node, x, roi if coordinates == CROP else None, scales, sizes)
    if coordinates == "align_corners" and not all(a.is_exact for a in axes):
        # ONNX's reference and ONNX Runtime differ here.
        raise node.refuse(
            "align_corners with scales that give no whole size is ambiguous; export sizes"
        )
    if mode == "nearest":
        rounding = node.text("nearest_mode", "round_prefer_floor")
        resized = _nearest(x, axes, [nearest_indices(a, coordinates, rounding) for a in axes])
    else:
        resized = _interpolated(node, x, axes, mode, coordinates)
    return _extrapolated(node, resized, axes) if coordinates == CROP else resized


@onnx_operator("Upsample", 7, 9)
def upsample(node: Node, x: Any, scales: Any = None) -> Any:
    """Resize with asymmetric coordinates; nearest neighbours are rounded down."""
    if scales is None:
        scales = np.array(node.attributes["scales"], np.float32)
    known = as_array(scales)
    if known is not None and (known < 1).any():
        raise node.refuse("scales below 1 are not supported")
    if is_open(x, _places(node, x), scales):
        defaults = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        mode = node.text("mode", "nearest")
        attributes = {**defaults, "mode": "nearest" if mode == "nearest" else "linear"}
        return resize_open(replace(node, attributes=attributes), x, _places(node, x), scales, None)
    axes = _resized_axes(node, x, None, scales, None)
    mode = node.text("mode", "nearest")
    if mode == "nearest":
        return _nearest(x, axes, [nearest_indices(a, "asymmetric", "floor") for a in axes])
    return _interpolated(node, x, axes, "linear", "asymmetric")


@onnx_operator("Resize", 10)
def resize_10(node: Node, x: Any, scales: Any) -> Any:
    """The first Resize is Upsample that may shrink too; shrinking is not supported."""
    return upsample(node, x, scales)


def _is_empty(tensor: Any) -> bool:
    return tensor is not None and tensor.shape.rank == 1 and tensor.shape[0] == 0


def _places(node: Node, x: Any) -> list[int]:
    """The axes that scales and sizes are about."""
    named, rank = node.attributes.get("axes"), x.shape.rank
    return list(range(rank)) if named is None else [a % rank for a in named]


def _resized_axes(node: Node, x: Any, roi: Any, scales: Any, sizes: Any) -> list[Axis]:
    places = _places(node, x)
    lengths = [x.shape[a] for a in places]
    if sizes is not None:
        wanted: list[Any] = known_elements(sizes) or [None] * len(places)
        given = [
            _by_size(n, w, _aspect_ratio(node, lengths, wanted))
            for n, w in zip(lengths, wanted, strict=True)
        ]
    elif scales is not None:
        given = [
            _by_scale(n, float(s))
            for n, s in zip(lengths, node.constant(scales, "scales"), strict=True)
        ]
    else:
        raise node.refuse("it has neither scales nor sizes")
    edges = [0.0] * len(places) + [1.0] * len(places)
    if roi is not None:
        edges = [float(e) for e in node.constant(roi, "roi")]
    result = []
    for place, (size, (target, scale)) in enumerate(zip(lengths, given, strict=True)):
        region = edges[place], edges[place + len(places)]
        if size is None:
            if sizes is None and scale != 1:
                raise node.refuse_dynamic(f"axis {places[place]} is dynamic and cannot be resized")
            continue  # sizes along a dynamic axis: its own size, as every exporter writes it
        if target is None:
            raise node.refuse_dynamic(
                "its sizes are computed at run time; sigfix needs static ones"
            )
        if sizes is None and target != int(np.floor(size * (region[1] - region[0]) * scale)):
            # By ONNX's text a crop shrinks the result, in ONNX Runtime it does not.
            raise node.refuse("a crop with scales is ambiguous; export sizes")
        if target != size or scale != 1 or region != (0, 1):
            result.append(Axis(places[place], int(size), target, scale, region))
    return result


def _by_scale(size: int | None, scale: float) -> tuple[int | None, float]:
    """(target, scale) of one axis; the target is None where it is not static."""
    return (None if size is None else int(np.floor(size * scale))), scale


def _by_size(size: int | None, wanted: int | None, kept: float | None) -> tuple[int | None, float]:
    if size is None or wanted is None:
        return None, 1.0
    if kept is not None:
        return int(np.floor(kept * size + 0.5)), kept
    return int(wanted), wanted / size


def _aspect_ratio(node: Node, lengths: list[Any], wanted: list[Any]) -> float | None:
    """The one scale that `keep_aspect_ratio_policy` makes of the wanted sizes."""
    policy = node.text("keep_aspect_ratio_policy", "stretch")
    if policy == "stretch":
        return None
    if None in lengths or None in wanted:
        raise node.refuse_dynamic(f"keep_aspect_ratio_policy {policy} needs static sizes")
    ratios = [w / n for w, n in zip(wanted, lengths, strict=True)]
    return float(min(ratios) if policy == "not_larger" else max(ratios))


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
    if not x.dtype.is_floating:
        raise node.refuse(f"interpolating {x.dtype.name} is not supported")
    antialias = bool(node.attributes.get("antialias", 0))
    plain = mode == "linear" and not antialias
    if plain and _is_image(x, axes) and _has_kernel(axes, coordinates):
        y = tf.raw_ops.ResizeBilinear(
            images=layout.channels_last(x),
            size=_extent(x, axes),
            half_pixel_centers="half_pixel" in coordinates,
            align_corners=coordinates == "align_corners",
        )
        return layout.channels_first(y)
    for axis in axes:
        places = positions(axis, coordinates)
        if plain:
            weights = linear_weights(axis, places)
        else:
            weights = filter_weights(
                axis,
                places,
                mode,
                float(node.attributes.get("cubic_coeff_a", -0.75)),
                antialias=antialias,
                exclude_outside=bool(node.attributes.get("exclude_outside", 0)),
            )
        matrix = tf.constant(weights.T.astype(x.dtype.as_numpy_dtype))
        rank = x.shape.rank
        order = [i for i in range(rank) if i != axis.axis] + [axis.axis]
        turned = layout.transpose(x, order)
        x = layout.transpose(tf.tensordot(turned, matrix, 1), inverse(order))
    return x


def _extrapolated(node: Node, y: Any, axes: list[Axis]) -> Any:
    """What was cropped from outside the image becomes `extrapolation_value`."""
    rank = y.shape.rank
    masks = [
        is_inside(a, positions(a, CROP)).reshape([-1 if i == a.axis else 1 for i in range(rank)])
        for a in axes
    ]
    inside = functools.reduce(np.logical_and, masks, np.ones([1] * rank, bool))
    if inside.all():
        return y
    value = tf.constant(node.attributes.get("extrapolation_value", 0.0), y.dtype)
    return tf.where(tf.constant(inside), y, value)


def _is_image(x: Any, axes: list[Axis]) -> bool:
    """Whether only height and width change; TensorFlow's kernels give float32."""
    image = x.shape.rank == 4 and x.dtype == tf.float32
    return bool(axes) and image and all(a.axis in (2, 3) for a in axes)


def _has_kernel(axes: list[Axis], coordinates: str) -> bool:
    if coordinates == CROP:
        return False
    if coordinates == "pytorch_half_pixel" and any(a.target == 1 for a in axes):
        return False
    # TensorFlow always steps by size / target: a scale that was rounded away is another one.
    return all(a.is_exact for a in axes)


def _extent(x: Any, axes: list[Axis]) -> list[int]:
    targets = {a.axis: a.target for a in axes}
    return [targets.get(axis, x.shape[axis]) for axis in (2, 3)]
