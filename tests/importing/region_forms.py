"""Random forms of what reads or fills regions: RoiAlign, DeformConv, LpPool, MaxUnpool, Col2Im."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.importing.draws import Random, ints, normal, pick, some
from tests.importing.single_node import Case, Fed


def regions(random: Random) -> Case:
    """Also outside the image, of no extent, and with corners the wrong way round."""
    count, opset = int(random.integers(1, 5)), pick(random, 10, 16)
    height, width = some(random, 2, 3, 12)
    corners = np.concatenate(
        [random.uniform(-6, 24, (count, 2)), random.uniform(2, 40, (count, 2))], 1
    )
    corners[0, 2:] = corners[0, :2] + pick(random, 0.0, 0.3, 9.0)
    images = random.integers(0, 2, count)
    attributes: dict[str, Any] = {
        "output_height": pick(random, 1, 2, 5),
        "output_width": pick(random, 1, 3),
        "sampling_ratio": pick(random, 1, 2, 3),
        "spatial_scale": pick(random, 1.0, 0.5, 0.25),
        "mode": pick(random, "avg", "avg", "max"),
    }
    if opset == 16:
        attributes["coordinate_transformation_mode"] = pick(
            random, "half_pixel", "output_half_pixel"
        )
    fed = (
        corners.astype(np.float32) if random.integers(2) else Fed((count, 4), lowest=-2, highest=20)
    )
    return Case("RoiAlign", (Fed((2, 3, height, width)), fed, images), attributes, opset)


def deformed(random: Random) -> Case:
    group, groups = pick(random, 1, 1, 2), pick(random, 1, 2)
    kernel, strides = some(random, 2, 1, 3), some(random, 2, 1, 2)
    dilations, pads = some(random, 2, 1, 2), some(random, 4, 0, 2)
    sizes = some(random, 2, 6, 9)
    made = [
        (n + pads[i] + pads[i + 2] - (k - 1) * d - 1) // s + 1
        for i, (n, k, d, s) in enumerate(zip(sizes, kernel, dilations, strides, strict=True))
    ]
    cells = groups * math.prod(kernel)
    inputs: list[Any] = [
        Fed((2, 4, *sizes)),
        normal(random, 6, 4 // group, *kernel),
        Fed((2, 2 * cells, *made), lowest=-2.5, highest=2.5),
        normal(random, 6) if random.integers(2) else None,
        Fed((2, cells, *made), lowest=0) if random.integers(2) else None,
    ]
    attributes = {
        "kernel_shape": kernel, "strides": strides, "dilations": dilations, "pads": pads,
        "group": group, "offset_group": groups,
    }  # fmt: skip
    return Case("DeformConv", tuple(inputs), attributes, 19)


def norms(random: Random) -> Case:
    spatial = pick(random, 1, 2, 2, 3)
    x = Fed((2, 3, *some(random, spatial, 4, 9)))
    if pick(random, 0, 0, 0, 1):
        return Case("GlobalLpPool", (x,), {"p": pick(random, 1, 2, 3)})
    kernel = some(random, spatial, 1, 3)
    attributes: dict[str, Any] = {"kernel_shape": kernel, "strides": some(random, spatial, 1, 3)}
    attributes["p"] = pick(random, 1, 2, 2, 3)
    padding, opset = pick(random, "none", "pads", "SAME_UPPER", "VALID"), pick(random, 11, 18)
    if padding == "pads":
        attributes["pads"] = [int(random.integers(0, k)) for k in kernel * 2]
    elif padding != "none":
        attributes["auto_pad"] = padding
    if opset == 18:
        attributes["ceil_mode"] = pick(random, 0, 1) if padding in ("none", "pads") else 0
        attributes["dilations"] = some(random, spatial, 1, 2)
    return Case("LpPool", (x,), attributes, opset)


def unpooled(random: Random) -> Case:
    spatial = pick(random, 1, 2, 2, 3)
    kernel, sizes = some(random, spatial, 1, 3), some(random, spatial, 1, 4)
    strides, pads = [k + int(random.integers(2)) for k in kernel], [0] * (2 * spatial)
    made = [(n - 1) * s + k for n, s, k in zip(sizes, strides, kernel, strict=True)]
    shape = (2, 3, *sizes)
    whole = math.prod((2, 3, *made))
    places = random.permutation(whole)[: math.prod(shape)].reshape(shape)
    attributes = {"kernel_shape": kernel, "strides": strides, "pads": pads}
    told = ints(2, 3, *made) if random.integers(2) else None
    fed = Fed(shape, dynamic=False)
    return Case("MaxUnpool", (fed, places.astype(np.int64), told), attributes, 11)


def columns(random: Random) -> Case:
    rank = 2
    block, strides = some(random, rank, 1, 3), some(random, rank, 1, 3)
    dilations, pads = some(random, rank, 1, 2), some(random, 2 * rank, 0, 1)
    image = some(random, rank, 6, 9)
    count = math.prod(
        (n + pads[i] + pads[i + rank] - (k - 1) * d - 1) // s + 1
        for i, (n, k, d, s) in enumerate(zip(image, block, dilations, strides, strict=True))
    )
    attributes = {"strides": strides, "dilations": dilations, "pads": pads}
    x = Fed((2, 3 * math.prod(block), count))
    return Case("Col2Im", (x, ints(image), ints(block)), attributes, 18)


def determinants(random: Random) -> Case:
    size, leading = int(random.integers(1, 7)), pick(random, (), (2,), (2, 3))
    return Case("Det", (Fed((*leading, size, size), dynamic=bool(leading)),), {}, 11)
