"""Random forms of what looks through a window: resizing, pooling and convolution."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.importing.draws import Random, ints, normal, pick, some
from tests.importing.single_node import Case, Fed

RESIZE = ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "asymmetric",
          "align_corners", "tf_crop_and_resize")  # fmt: skip


def resize(random: Random) -> Case:
    spatial = pick(random, 1, 2, 2, 2)
    shape = (2, 3, *some(random, spatial, 2, 9))
    mode = pick(random, "nearest", "linear", "cubic")
    coordinates = pick(random, *RESIZE)
    attributes: dict[str, Any] = {"mode": mode, "coordinate_transformation_mode": coordinates}
    if mode == "nearest":
        attributes["nearest_mode"] = pick(
            random, "round_prefer_floor", "round_prefer_ceil", "floor", "ceil"
        )
    if mode == "cubic":
        attributes["cubic_coeff_a"] = pick(random, -0.75, -0.5)
        attributes["exclude_outside"] = pick(random, 0, 1)
    opset = pick(random, 13, 18, 19) if coordinates != "half_pixel_symmetric" else 19
    if opset >= 18 and mode != "nearest" and coordinates != "tf_crop_and_resize":
        attributes["antialias"] = pick(random, 0, 1)
    rank = len(shape)
    roi = None
    if coordinates == "tf_crop_and_resize":
        starts = [0, 0, *random.uniform(-0.2, 0.4, spatial)]
        ends = [1, 1, *random.uniform(0.6, 1.2, spatial)]
        roi = np.array([*starts, *ends], np.float32)
        attributes["extrapolation_value"] = 7.5
    if pick(random, True, False):
        scales = [1, 1, *random.choice([0.5, 0.6, 0.75, 1.0, 1.5, 2.0, 3.0], spatial)]
        targets: tuple[Any, ...] = (np.array(scales, np.float32),)
    else:
        targets = (None, ints(2, 3, *some(random, spatial, 1, 14)))
        if opset >= 18 and coordinates != "tf_crop_and_resize":
            attributes["keep_aspect_ratio_policy"] = pick(
                random, "stretch", "not_larger", "not_smaller"
            )
            attributes["axes"] = list(range(2, rank))
            targets = (None, targets[1][2:])
    fed = Fed(shape, dynamic=len(targets) == 1)
    return Case("Resize", (fed, roi, *targets), attributes, opset)


def _window(random: Random, spatial: int) -> tuple[dict[str, Any], tuple[int, ...]]:
    kernel = some(random, spatial, 1, 3)
    attributes: dict[str, Any] = {"kernel_shape": kernel, "strides": some(random, spatial, 1, 3)}
    padding = pick(random, "none", "pads", "SAME_UPPER", "SAME_LOWER", "VALID")
    if padding == "pads":
        attributes["pads"] = [
            int(random.integers(0, max(k // 2, 1) + 1)) if k > 1 else 0 for k in kernel * 2
        ]
    elif padding != "none":
        attributes["auto_pad"] = padding
    return attributes, (2, 3, *some(random, spatial, 6, 11))


def max_pool(random: Random) -> Case:
    attributes, shape = _window(random, pick(random, 1, 2, 2, 3))
    attributes["ceil_mode"] = pick(random, 0, 1) if "auto_pad" not in attributes else 0
    if "auto_pad" not in attributes:
        attributes["dilations"] = some(random, len(shape) - 2, 1, 2)
    return Case("MaxPool", (Fed(shape, lowest=-9, highest=-1),), attributes)


def max_pool_places(random: Random) -> Case:
    """Where the largest values are, too; or all are equal."""
    case = max_pool(random)
    fed = Fed(case.inputs[0].shape, lowest=-9, highest=pick(random, -1, -9))
    attributes = {**case.attributes, "storage_order": pick(random, 0, 1)}
    if attributes.get("auto_pad", "").startswith("SAME"):
        # A stride beyond the kernel makes such padding negative: ONNX Runtime counts it, with
        # places, and refuses it without.
        widest = map(max, attributes["kernel_shape"], attributes["strides"])
        attributes["kernel_shape"] = list(widest)
    return Case("MaxPool", (fed,), attributes, outputs=2)


def average_pool(random: Random) -> Case:
    attributes, shape = _window(random, pick(random, 1, 2, 2, 3))
    attributes["ceil_mode"] = pick(random, 0, 1) if "auto_pad" not in attributes else 0
    attributes["count_include_pad"] = pick(random, 0, 1)
    return Case("AveragePool", (Fed(shape),), attributes)


def convolution(random: Random) -> Case:
    spatial = pick(random, 1, 2, 2, 3)
    attributes, (_, _, *sizes) = _window(random, spatial)
    group, inner, outer = pick(random, (1, 3, 4), (2, 2, 3), (4, 1, 1), (4, 1, 2))
    attributes["group"] = group
    attributes["dilations"] = some(random, spatial, 1, 2)
    weights = normal(random, outer * group, inner, *attributes["kernel_shape"])
    bias = pick(random, None, normal(random, outer * group))
    return Case("Conv", (Fed((2, inner * group, *sizes)), weights, bias), attributes)


def depthwise(random: Random) -> Case:
    """Strides that differ, which TensorFlow's kernel takes on some processors alone."""
    spatial = pick(random, 1, 2, 2, 2, 3)
    attributes, (_, _, *sizes) = _window(random, spatial)
    attributes["strides"] = list(random.permutation([1, 2, 3, 4])[:spatial].astype(object))
    attributes["dilations"] = pick(random, [1] * spatial, some(random, spatial, 1, 2))
    attributes["group"] = group = 4
    if pick(random, True, False):  # the kernel fits once along an axis
        sizes[0] = (attributes["kernel_shape"][0] - 1) * attributes["dilations"][0] + 1
    weights = normal(random, pick(random, 1, 2) * group, 1, *attributes["kernel_shape"])
    return Case("Conv", (Fed((2, group, *sizes)), weights), attributes)


def transposed(random: Random) -> Case:
    spatial = pick(random, 1, 2, 2, 3)
    kernel, strides = some(random, spatial, 1, 4), some(random, spatial, 1, 3)
    attributes: dict[str, Any] = {"kernel_shape": kernel, "strides": strides}
    group = pick(random, 1, 1, 2)
    attributes["group"] = group
    attributes["dilations"] = some(random, spatial, 1, pick(random, 1, 2))
    if pick(random, True, False):
        attributes["pads"] = [int(random.integers(0, max(k, 1))) for k in kernel * 2]
    if pick(random, True, False):
        attributes["output_padding"] = [int(random.integers(0, s)) for s in strides]
    weights = normal(random, 2 * group, 3, *kernel)
    fed = Fed((2, 2 * group, *some(random, spatial, 4, 7)))
    return Case("ConvTranspose", (fed, weights, normal(random, 3 * group)), attributes)
