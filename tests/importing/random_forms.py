"""Random forms of operators: attributes, shapes and optional inputs as ONNX admits them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.importing.single_node import Case, Fed

Random = np.random.Generator
RESIZE = ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "asymmetric",
          "align_corners", "tf_crop_and_resize")  # fmt: skip


def _pick(random: Random, *choices: Any) -> Any:
    return choices[random.integers(len(choices))]


def _some(random: Random, count: int, low: int, high: int) -> list[int]:
    return [int(v) for v in random.integers(low, high + 1, count)]


def _ints(*values: Any) -> np.ndarray[Any, Any]:
    return np.array(values, np.int64).reshape(-1)


def _weights(random: Random, *shape: int) -> np.ndarray[Any, Any]:
    return random.normal(size=shape).astype(np.float32)


def _resize(random: Random) -> Case:
    spatial = _pick(random, 1, 2, 2, 2)
    shape = (2, 3, *_some(random, spatial, 2, 9))
    mode = _pick(random, "nearest", "linear", "cubic")
    coordinates = _pick(random, *RESIZE)
    attributes: dict[str, Any] = {"mode": mode, "coordinate_transformation_mode": coordinates}
    if mode == "nearest":
        attributes["nearest_mode"] = _pick(
            random, "round_prefer_floor", "round_prefer_ceil", "floor", "ceil"
        )
    if mode == "cubic":
        attributes["cubic_coeff_a"] = _pick(random, -0.75, -0.5)
        attributes["exclude_outside"] = _pick(random, 0, 1)
    opset = _pick(random, 13, 18, 19) if coordinates != "half_pixel_symmetric" else 19
    if opset >= 18 and mode != "nearest" and coordinates != "tf_crop_and_resize":
        attributes["antialias"] = _pick(random, 0, 1)
    rank = len(shape)
    roi = None
    if coordinates == "tf_crop_and_resize":
        starts = [0, 0, *random.uniform(-0.2, 0.4, spatial)]
        ends = [1, 1, *random.uniform(0.6, 1.2, spatial)]
        roi = np.array([*starts, *ends], np.float32)
        attributes["extrapolation_value"] = 7.5
    if _pick(random, True, False):
        scales = [1, 1, *random.choice([0.5, 0.6, 0.75, 1.0, 1.5, 2.0, 3.0], spatial)]
        targets: tuple[Any, ...] = (np.array(scales, np.float32),)
    else:
        targets = (None, _ints(2, 3, *_some(random, spatial, 1, 14)))
        if opset >= 18 and coordinates != "tf_crop_and_resize":
            attributes["keep_aspect_ratio_policy"] = _pick(
                random, "stretch", "not_larger", "not_smaller"
            )
            attributes["axes"] = list(range(2, rank))
            targets = (None, targets[1][2:])
    fed = Fed(shape, dynamic=len(targets) == 1)
    return Case("Resize", (fed, roi, *targets), attributes, opset)


def _window(random: Random, spatial: int) -> tuple[dict[str, Any], tuple[int, ...]]:
    kernel = _some(random, spatial, 1, 3)
    attributes: dict[str, Any] = {"kernel_shape": kernel, "strides": _some(random, spatial, 1, 3)}
    padding = _pick(random, "none", "pads", "SAME_UPPER", "SAME_LOWER", "VALID")
    if padding == "pads":
        attributes["pads"] = [
            int(random.integers(0, max(k // 2, 1) + 1)) if k > 1 else 0 for k in kernel * 2
        ]
    elif padding != "none":
        attributes["auto_pad"] = padding
    return attributes, (2, 3, *_some(random, spatial, 6, 11))


def _max_pool(random: Random) -> Case:
    attributes, shape = _window(random, _pick(random, 1, 2, 2, 3))
    attributes["ceil_mode"] = _pick(random, 0, 1) if "auto_pad" not in attributes else 0
    if "auto_pad" not in attributes:
        attributes["dilations"] = _some(random, len(shape) - 2, 1, 2)
    return Case("MaxPool", (Fed(shape, lowest=-9, highest=-1),), attributes)


def _average_pool(random: Random) -> Case:
    attributes, shape = _window(random, _pick(random, 1, 2, 2, 3))
    attributes["ceil_mode"] = _pick(random, 0, 1) if "auto_pad" not in attributes else 0
    attributes["count_include_pad"] = _pick(random, 0, 1)
    return Case("AveragePool", (Fed(shape),), attributes)


def _convolution(random: Random) -> Case:
    spatial = _pick(random, 1, 2, 2, 3)
    attributes, (_, _, *sizes) = _window(random, spatial)
    group, inner, outer = _pick(random, (1, 3, 4), (2, 2, 3), (4, 1, 1), (4, 1, 2))
    attributes["group"] = group
    attributes["dilations"] = _some(random, spatial, 1, 2)
    weights = _weights(random, outer * group, inner, *attributes["kernel_shape"])
    bias = _pick(random, None, _weights(random, outer * group))
    return Case("Conv", (Fed((2, inner * group, *sizes)), weights, bias), attributes)


def _depthwise(random: Random) -> Case:
    """Strides that differ, which TensorFlow's kernel takes on some processors alone."""
    spatial = _pick(random, 1, 2, 2, 2, 3)
    attributes, (_, _, *sizes) = _window(random, spatial)
    attributes["strides"] = list(random.permutation([1, 2, 3, 4])[:spatial].astype(object))
    attributes["dilations"] = _pick(random, [1] * spatial, _some(random, spatial, 1, 2))
    attributes["group"] = group = 4
    if _pick(random, True, False):  # the kernel fits once along an axis
        sizes[0] = (attributes["kernel_shape"][0] - 1) * attributes["dilations"][0] + 1
    weights = _weights(random, _pick(random, 1, 2) * group, 1, *attributes["kernel_shape"])
    return Case("Conv", (Fed((2, group, *sizes)), weights), attributes)


def _transposed(random: Random) -> Case:
    spatial = _pick(random, 1, 2, 2, 3)
    kernel, strides = _some(random, spatial, 1, 4), _some(random, spatial, 1, 3)
    attributes: dict[str, Any] = {"kernel_shape": kernel, "strides": strides}
    group = _pick(random, 1, 1, 2)
    attributes["group"] = group
    attributes["dilations"] = _some(random, spatial, 1, _pick(random, 1, 2))
    if _pick(random, True, False):
        attributes["pads"] = [int(random.integers(0, max(k, 1))) for k in kernel * 2]
    if _pick(random, True, False):
        attributes["output_padding"] = [int(random.integers(0, s)) for s in strides]
    weights = _weights(random, 2 * group, 3, *kernel)
    fed = Fed((2, 2 * group, *_some(random, spatial, 4, 7)))
    return Case("ConvTranspose", (fed, weights, _weights(random, 3 * group)), attributes)


def _pad(random: Random) -> Case:
    shape = (2, *_some(random, _pick(random, 1, 2, 3), 3, 6))
    mode = _pick(random, "constant", "reflect", "edge", "wrap")
    opset = 19 if mode == "wrap" else _pick(random, 11, 13, 18)
    low = -1 if mode == "constant" else 0
    borders = [(0, 0), *((_some(random, 2, low, 2)) for _ in shape[1:])]
    pads = _ints(*(b[0] for b in borders), *(b[1] for b in borders))
    value = np.array(1.5, np.float32) if mode == "constant" and random.integers(2) else None
    return Case("Pad", (Fed(shape), pads, value), {"mode": mode}, opset)


def _slice(random: Random) -> Case:
    shape = (3, *_some(random, 2, 3, 7))
    axes = [1, -1][: _pick(random, 1, 2)]
    starts, ends, steps = [], [], []
    for axis in axes:
        size = shape[axis]
        step = _pick(random, 1, 2, -1, -2)
        first, last = sorted(_some(random, 2, -size - 2, size + 2))
        starts.append(first if step > 0 else last)
        ends.append(last if step > 0 else first)
        if step < 0 and random.integers(2):
            ends[-1] = -(2**31) + 1
        steps.append(step)
    return Case("Slice", (Fed(shape), _ints(starts), _ints(ends), _ints(axes), _ints(steps)))


def _reduce(random: Random) -> Case:
    name = _pick(random, "Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSumExp")
    attributes: dict[str, Any] = {"keepdims": _pick(random, 0, 1)}
    axes = [int(a) for a in random.permutation([1, 2, -1])[: random.integers(0, 3)]]
    inputs: tuple[Any, ...] = (Fed((2, 3, 4, 5)),)
    opset = _pick(random, 11, 13, 18)
    if opset == 18 or (opset == 13 and name == "Sum"):
        attributes["noop_with_empty_axes"] = _pick(random, 0, 1)
        inputs = (*inputs, _ints(axes)) if axes or random.integers(2) else inputs
    elif axes:
        attributes["axes"] = axes
    return Case(f"Reduce{name}", inputs, attributes, opset)


def _softmax(random: Random) -> Case:
    opset, rank = _pick(random, 11, 12, 13), _pick(random, 2, 3, 4)
    lowest = 1 if opset < 13 else 0
    axis = int(random.integers(lowest, rank)) - _pick(random, 0, rank)
    shape = (2, *_some(random, rank - 1, 2, 4))
    return Case(_pick(random, "Softmax", "LogSoftmax"), (Fed(shape),), {"axis": axis}, opset)


def _gather(random: Random) -> Case:
    shape = (3, 4, 5)
    axis = _pick(random, 1, 2, -1, 0)
    size = shape[axis]
    kind = _pick(random, "Gather", "GatherElements")
    indices: Any = Fed((3, 2, 5), "int64", -size, size - 1, dynamic=kind == "GatherElements")
    if kind == "Gather" and random.integers(2):
        indices = random.integers(-size, size, _pick(random, (), (2,), (2, 2)))
    return Case(kind, (Fed(shape), indices), {"axis": axis})


def _gather_nd(random: Random) -> Case:
    leading = _pick(random, 0, 1)
    shape = (3, 4, 5)
    lowest = min(shape[leading : leading + 2])
    indices = Fed((3, 2, _pick(random, 1, 2)), "int64", -3, lowest - 1)
    return Case("GatherND", (Fed(shape), indices), {"batch_dims": leading})


def _scatter(random: Random) -> Case:
    name = _pick(random, "ScatterElements", "ScatterND")
    reduction = _pick(random, "none", "add")
    if name == "ScatterND":
        rows = random.permutation(4)[:2].reshape(2, 1) - _pick(random, 0, 4)
        return Case(
            name,
            (Fed((4, 3), dynamic=False), rows, Fed((2, 3), dynamic=False)),
            {"reduction": reduction},
            16,
        )
    rows = np.stack([random.permutation(4)[:2] for _ in range(3)]).astype(np.int64)
    return Case(name, (Fed((3, 4)), rows, Fed((3, 2))), {"axis": 1, "reduction": reduction}, 16)


def _top_k(random: Random) -> Case:
    attributes = {"axis": _pick(random, 1, 2, -1), "largest": _pick(random, 0, 1)}
    return Case("TopK", (Fed((2, 5, 6)), _ints(_pick(random, 1, 3))), attributes, outputs=2)


def _one_hot(random: Random) -> Case:
    values = np.array(_pick(random, [0, 1], [-2, 5]), _pick(random, np.float32, np.int32))
    fed = Fed((2, 3), "int64", -6, 5)
    return Case("OneHot", (fed, _ints(6), values), {"axis": _pick(random, -1, 0, 1)})


def _einsum(random: Random) -> Case:
    equation, *shapes = _pick(
        random,
        ("bij,bjk->bik", (2, 3, 4), (2, 4, 5)),
        ("bhid,bhjd->bhij", (2, 2, 3, 4), (2, 2, 5, 4)),
        ("bij->bji", (2, 3, 4)),
        ("bij->b", (2, 3, 4)),
        ("bi,bj->bij", (2, 3), (2, 4)),
        ("...ij,jk->...ik", (2, 3, 4), (4, 5)),
        ("bchw,bkc->bkhw", (2, 3, 4, 5), (2, 6, 3)),
        ("bi,bi", (2, 3), (2, 3)),
        ("bij,kj,k->bi", (2, 3, 4), (5, 4), (5,)),
    )
    fed = tuple(Fed(s, dynamic="b" in equation.split(",")[i]) for i, s in enumerate(shapes))
    return Case("Einsum", fed, {"equation": equation})


def _arithmetic(random: Random) -> Case:
    name = _pick(random, "Div", "Mod", "Pow", "Max", "Min", "Sub")
    if name == "Pow":
        return Case(name, (Fed((2, 3), lowest=0.1), Fed((2, 3))))
    dtype = _pick(random, "int64", "int32") if name == "Mod" else _pick(random, "float32", "int32")
    attributes = {"fmod": _pick(random, 0, 1)} if name == "Mod" else {}
    divisor = np.array(random.choice([-7, -3, -2, 2, 5], (1, 4)), dtype)
    return Case(name, (Fed((3, 4), dtype, -20, 20), divisor), attributes)


def _cast(random: Random) -> Case:
    source = Fed((2, 9), _pick(random, "float32", "int64", "int32", "bool"), -3, 3)
    return Case("Cast", (source,), {"to": _pick(random, 1, 6, 7, 9)})


def _blocks(random: Random) -> Case:
    if _pick(random, True, False):
        return Case("SpaceToDepth", (Fed((2, 3, 4, 6)),), {"blocksize": 2})
    return Case(
        "DepthToSpace", (Fed((2, 8, 3, 4)),), {"blocksize": 2, "mode": _pick(random, "DCR", "CRD")}
    )


def _normalization(random: Random) -> Case:
    name = _pick(random, "InstanceNormalization", "LRN", "LpNormalization", "LayerNormalization")
    x = Fed((2, 4, 5, 6))
    if name == "LRN":
        return Case(name, (x,), {"size": _pick(random, 1, 3, 5), "alpha": 0.1, "bias": 1.5})
    if name == "LpNormalization":
        return Case(name, (x,), {"axis": _pick(random, 1, 2, -1), "p": _pick(random, 1, 2)})
    if name == "LayerNormalization":
        axis = _pick(random, 1, 2, -1)
        shape = x.shape[axis:]
        return Case(name, (x, _weights(random, *shape), _weights(random, *shape)), {"axis": axis})
    return Case(name, (x, _weights(random, 4), _weights(random, 4)))


def _activation(random: Random) -> Case:
    name = _pick(random, "Elu", "Selu", "Celu", "ThresholdedRelu", "LeakyRelu", "HardSigmoid",
                 "Shrink", "Softsign", "PRelu", "Gelu", "Mish", "Softplus", "Erf")  # fmt: skip
    own = ("Elu", "Selu", "Celu", "ThresholdedRelu", "LeakyRelu")
    attributes: dict[str, Any] = {"alpha": _pick(random, 0.5, 1.0, 2.0)} if name in own else {}
    slope = (_weights(random, *_pick(random, (1,), (3, 1, 1))),) if name == "PRelu" else ()
    return Case(name, (Fed((2, 3, 4, 5)), *slope), attributes, 20)


GENERATORS: dict[str, Callable[[Random], Case]] = {
    "resize": _resize, "max_pool": _max_pool, "average_pool": _average_pool,
    "convolution": _convolution, "depthwise": _depthwise, "transposed": _transposed, "pad": _pad,
    "slice": _slice,
    "reduce": _reduce, "softmax": _softmax, "gather": _gather, "gather_nd": _gather_nd,
    "scatter": _scatter, "top_k": _top_k, "one_hot": _one_hot, "einsum": _einsum,
    "arithmetic": _arithmetic, "cast": _cast, "blocks": _blocks,
    "normalization": _normalization, "activation": _activation,
}  # fmt: skip


def forms(kind: str, count: int, seed: int = 0) -> Iterator[Case]:
    """`count` random cases of one kind, the same for the same seed."""
    random = np.random.default_rng([seed, *kind.encode()])
    for _ in range(count):
        yield GENERATORS[kind](random)
