"""Random forms of operators: attributes, shapes and optional inputs as ONNX admits them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.importing import region_forms, window_forms
from tests.importing.draws import Random, ints, normal, pick, some
from tests.importing.single_node import Case, Fed


def _pad(random: Random) -> Case:
    shape = (2, *some(random, pick(random, 1, 2, 3), 3, 6))
    mode = pick(random, "constant", "reflect", "edge", "wrap")
    opset = 19 if mode == "wrap" else pick(random, 11, 13, 18)
    low = -1 if mode == "constant" else 0
    borders = [(0, 0), *((some(random, 2, low, 2)) for _ in shape[1:])]
    pads = ints(*(b[0] for b in borders), *(b[1] for b in borders))
    value = np.array(1.5, np.float32) if mode == "constant" and random.integers(2) else None
    return Case("Pad", (Fed(shape), pads, value), {"mode": mode}, opset)


def _slice(random: Random) -> Case:
    shape = (3, *some(random, 2, 3, 7))
    axes = [1, -1][: pick(random, 1, 2)]
    starts, ends, steps = [], [], []
    for axis in axes:
        size = shape[axis]
        step = pick(random, 1, 2, -1, -2)
        first, last = sorted(some(random, 2, -size - 2, size + 2))
        starts.append(first if step > 0 else last)
        ends.append(last if step > 0 else first)
        if step < 0 and random.integers(2):
            ends[-1] = -(2**31) + 1
        steps.append(step)
    return Case("Slice", (Fed(shape), ints(starts), ints(ends), ints(axes), ints(steps)))


def _reduce(random: Random) -> Case:
    name = pick(random, "Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSumExp")
    attributes: dict[str, Any] = {"keepdims": pick(random, 0, 1)}
    axes = [int(a) for a in random.permutation([1, 2, -1])[: random.integers(0, 3)]]
    inputs: tuple[Any, ...] = (Fed((2, 3, 4, 5)),)
    opset = pick(random, 11, 13, 18)
    if opset == 18 or (opset == 13 and name == "Sum"):
        attributes["noop_with_empty_axes"] = pick(random, 0, 1)
        inputs = (*inputs, ints(axes)) if axes or random.integers(2) else inputs
    elif axes:
        attributes["axes"] = axes
    return Case(f"Reduce{name}", inputs, attributes, opset)


def _softmax(random: Random) -> Case:
    opset, rank = pick(random, 11, 12, 13), pick(random, 2, 3, 4)
    lowest = 1 if opset < 13 else 0
    axis = int(random.integers(lowest, rank)) - pick(random, 0, rank)
    shape = (2, *some(random, rank - 1, 2, 4))
    return Case(pick(random, "Softmax", "LogSoftmax"), (Fed(shape),), {"axis": axis}, opset)


def _gather(random: Random) -> Case:
    shape = (3, 4, 5)
    axis = pick(random, 1, 2, -1, 0)
    size = shape[axis]
    kind = pick(random, "Gather", "GatherElements")
    indices: Any = Fed((3, 2, 5), "int64", -size, size - 1, dynamic=kind == "GatherElements")
    if kind == "Gather" and random.integers(2):
        indices = random.integers(-size, size, pick(random, (), (2,), (2, 2)))
    return Case(kind, (Fed(shape), indices), {"axis": axis})


def _gather_nd(random: Random) -> Case:
    leading = pick(random, 0, 1)
    shape = (3, 4, 5)
    lowest = min(shape[leading : leading + 2])
    indices = Fed((3, 2, pick(random, 1, 2)), "int64", -3, lowest - 1)
    return Case("GatherND", (Fed(shape), indices), {"batch_dims": leading})


def _scatter(random: Random) -> Case:
    name = pick(random, "ScatterElements", "ScatterND")
    reduction = pick(random, "none", "add", "mul", "min", "max")
    if reduction not in ("none", "add"):
        return _combining(random, name, reduction)
    if name == "ScatterND":
        rows = random.permutation(4)[:2].reshape(2, 1) - pick(random, 0, 4)
        return Case(
            name,
            (Fed((4, 3), dynamic=False), rows, Fed((2, 3), dynamic=False)),
            {"reduction": reduction},
            16,
        )
    rows = np.stack([random.permutation(4)[:2] for _ in range(3)]).astype(np.int64)
    return Case(name, (Fed((3, 4)), rows, Fed((3, 2))), {"axis": 1, "reduction": reduction}, 16)


def _combining(random: Random, name: str, reduction: str) -> Case:
    """Places that several updates share, constant or fed."""
    dtype = pick(random, "float32", "float32", "int32")
    fed = Fed((5, 1) if name == "ScatterND" else (5, 3), "int64", -4, 3, dynamic=False)
    places = pick(random, fed, random.integers(-4, 4, fed.shape))
    data, updates = (Fed((rows, 3), dtype, -9, 9, dynamic=False) for rows in (4, 5))
    return Case(name, (data, places, updates), {"reduction": reduction}, 18)


def _batch_normalization(random: Random) -> Case:
    shape = (2, *some(random, pick(random, 1, 3), 2, 5))
    x, channels = Fed(shape), Fed((shape[1],), lowest=0.1, highest=2.0, dynamic=False)
    constant = random.uniform(0.1, 2.0, shape[1]).astype(np.float32)
    given = tuple(pick(random, channels, constant) for _ in range(4))
    attributes = {"training_mode": 1, "momentum": 0.75, "epsilon": pick(random, 1e-5, 1e-2)}
    return Case("BatchNormalization", (x, *given), attributes, pick(random, 14, 15), outputs=3)


def _peepholes(random: Random) -> Case:
    direction = pick(random, "forward", "reverse", "bidirectional")
    count, hidden = (2 if direction == "bidirectional" else 1), 3
    state = pick(random, None, Fed((count, 2, hidden), lowest=-1, highest=1, dynamic=False))
    drawn = (normal(random, count, *s) for s in ((12, 5), (12, 3), (24,), (9,)))
    w, r, bias, peepholes = drawn
    inputs = (Fed((4, 2, 5), dynamic=False), w, r, bias, None, state, state, peepholes)
    return Case("LSTM", inputs, {"hidden_size": hidden, "direction": direction}, outputs=3)


def _top_k(random: Random) -> Case:
    attributes = {"axis": pick(random, 1, 2, -1), "largest": pick(random, 0, 1)}
    return Case("TopK", (Fed((2, 5, 6)), ints(pick(random, 1, 3))), attributes, outputs=2)


def _one_hot(random: Random) -> Case:
    values = np.array(pick(random, [0, 1], [-2, 5]), pick(random, np.float32, np.int32))
    fed = Fed((2, 3), "int64", -6, 5)
    return Case("OneHot", (fed, ints(6), values), {"axis": pick(random, -1, 0, 1)})


def _einsum(random: Random) -> Case:
    equation, *shapes = pick(
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
    name = pick(random, "Div", "Mod", "Pow", "Max", "Min", "Sub")
    if name == "Pow":
        base = pick(random, Fed((2, 3), lowest=0.1), Fed((2, 3), "int32", 1, 9))
        exponent = pick(random, Fed((2, 3)), Fed((2, 3), lowest=0, highest=4))
        return Case(name, (base, pick(random, exponent, np.array([2.0, 0.5, 3.0], np.float32))))
    dtype = pick(random, "int64", "int32") if name == "Mod" else pick(random, "float32", "int32")
    attributes = {"fmod": pick(random, 0, 1)} if name == "Mod" else {}
    divisor = np.array(random.choice([-7, -3, -2, 2, 5], (1, 4)), dtype)
    return Case(name, (Fed((3, 4), dtype, -20, 20), divisor), attributes)


def _cast(random: Random) -> Case:
    source = Fed((2, 9), pick(random, "float32", "int64", "int32", "bool"), -3, 3)
    return Case("Cast", (source,), {"to": pick(random, 1, 6, 7, 9)})


def _blocks(random: Random) -> Case:
    if pick(random, True, False):
        return Case("SpaceToDepth", (Fed((2, 3, 4, 6)),), {"blocksize": 2})
    return Case(
        "DepthToSpace", (Fed((2, 8, 3, 4)),), {"blocksize": 2, "mode": pick(random, "DCR", "CRD")}
    )


def _normalization(random: Random) -> Case:
    name = pick(random, "InstanceNormalization", "LRN", "LpNormalization", "LayerNormalization")
    x = Fed((2, 4, 5, 6))
    if name == "LRN":
        return Case(name, (x,), {"size": pick(random, 1, 3, 5), "alpha": 0.1, "bias": 1.5})
    if name == "LpNormalization":
        return Case(name, (x,), {"axis": pick(random, 1, 2, -1), "p": pick(random, 1, 2)})
    if name == "LayerNormalization":
        axis = pick(random, 1, 2, -1)
        shape = x.shape[axis:]
        return Case(name, (x, normal(random, *shape), normal(random, *shape)), {"axis": axis})
    return Case(name, (x, normal(random, 4), normal(random, 4)))


def _activation(random: Random) -> Case:
    name = pick(random, "Elu", "Selu", "Celu", "ThresholdedRelu", "LeakyRelu", "HardSigmoid",
                 "Shrink", "Softsign", "PRelu", "Gelu", "Mish", "Softplus", "Erf")  # fmt: skip
    own = ("Elu", "Selu", "Celu", "ThresholdedRelu", "LeakyRelu")
    attributes: dict[str, Any] = {"alpha": pick(random, 0.5, 1.0, 2.0)} if name in own else {}
    slope = (normal(random, *pick(random, (1,), (3, 1, 1))),) if name == "PRelu" else ()
    return Case(name, (Fed((2, 3, 4, 5)), *slope), attributes, 20)


def _sampling(random: Random) -> Case:
    opset = pick(random, 16, 20)
    names = {16: ("bilinear", "nearest", "bicubic"), 20: ("linear", "nearest", "cubic")}
    attributes = {
        "mode": pick(random, *names[opset]), "align_corners": pick(random, 0, 1),
        "padding_mode": pick(random, "zeros", "border", "reflection"),
    }  # fmt: skip
    grid = Fed((2, 3, 4, 2), lowest=-1.7, highest=1.7)
    return Case("GridSample", (Fed((2, 3, *some(random, 2, 2, 6))), grid), attributes, opset)


def _fourier(random: Random) -> Case:
    if pick(random, True, False):
        window = normal(random, 6)
        x = Fed(pick(random, (2, 20), (2, 20, 1)))
        given = pick(random, (window,), (window, np.array(6)), (None, np.array(6)))
        attributes = {"onesided": pick(random, 0, 1)}
        return Case("STFT", (x, np.array(pick(random, 2, 3)), *given), attributes)
    parts = pick(random, 1, 2)
    attributes = {"onesided": pick(random, 0, 1) if parts == 1 else 0}
    if not attributes["onesided"]:
        attributes["inverse"] = pick(random, 0, 1) if parts == 2 else 0
    length = pick(random, None, np.array(6), np.array(9))
    return Case("DFT", (Fed((2, 7, parts), dynamic=True), length), attributes)


GENERATORS: dict[str, Callable[[Random], Case]] = {
    "resize": window_forms.resize, "max_pool": window_forms.max_pool,
    "average_pool": window_forms.average_pool, "convolution": window_forms.convolution,
    "depthwise": window_forms.depthwise, "transposed": window_forms.transposed, "pad": _pad,
    "slice": _slice,
    "reduce": _reduce, "softmax": _softmax, "gather": _gather, "gather_nd": _gather_nd,
    "scatter": _scatter, "top_k": _top_k, "one_hot": _one_hot, "einsum": _einsum,
    "arithmetic": _arithmetic, "cast": _cast, "blocks": _blocks,
    "batch_normalization": _batch_normalization, "peepholes": _peepholes,
    "max_pool_places": window_forms.max_pool_places, "normalization": _normalization,
    "activation": _activation, "sampling": _sampling, "fourier": _fourier,
    "regions": region_forms.regions, "deformed": region_forms.deformed,
    "norms": region_forms.norms, "unpooled": region_forms.unpooled,
    "columns": region_forms.columns, "determinants": region_forms.determinants,
}  # fmt: skip


def forms(kind: str, count: int, seed: int = 0) -> Iterator[Case]:
    """`count` random cases of one kind, the same for the same seed."""
    random = np.random.default_rng([seed, *kind.encode()])
    for _ in range(count):
        yield GENERATORS[kind](random)
