"""Rules for resized images: along each axis a product with the weights of one pixel for another.

The weights are computed as TensorFlow's kernels do. Where all sizes are known they are constants;
where the image's are open, they are computed at each call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sigfix.optimising.expressing.writing import Reference, Rule, Writer
from sigfix.optimising.graph.operator_kinds import DT_BOOL, DT_FLOAT, DT_INT32


@dataclass(frozen=True)
class Numbers:
    """Arithmetic of float32 with what a rule writes: tensors, and Python's numbers beside them."""

    to: Writer

    def __call__(self, op: str, *operands: Reference | float, kind: int = DT_FLOAT) -> Reference:
        """A node of these operands."""
        given = [
            each if isinstance(each, str) else self.to.constant(np.array(each, np.float32))
            for each in operands
        ]
        return self.to.add(op, *given, kind=kind)

    def floats(self, reference: Reference) -> Reference:
        """Whole numbers as float32."""
        return self.to.cast(reference, DT_INT32, DT_FLOAT)

    def where(self, condition: Reference, x: Reference, otherwise: float) -> Reference:
        """`x`, or a number where the condition does not hold."""
        other = self("AddV2", self("ZerosLike", x), otherwise) if otherwise else None
        return self("SelectV2", condition, x, other or self("ZerosLike", x))

    def polynomial(self, x: Reference, *coefficients: float) -> Reference:
        """By Horner's rule, the highest power first."""
        result: Reference | float = coefficients[0]
        for number in coefficients[1:]:
            result = self("Mul", x, result)
            result = self("AddV2", result, number) if number else result
        return str(result)


@dataclass(frozen=True)
class Axis:
    """Height or width: its sizes as int32 scalars, the places in both as float32.

    `source` is a column of the image's pixels, `made` a row of the result's.
    """

    place: int
    before: Reference
    after: Reference
    source: Reference
    made: Reference


Weights = Callable[[Writer, Numbers, Axis], Reference]
"""The matrix that a row of pixels is multiplied with: a row a pixel, a column a result."""


def _resized(to: Writer, weights: Weights) -> Reference:
    """Both axes, each by its weights."""
    x, kind = to.operand(0), to.data_type
    count = Numbers(to)
    if kind != DT_FLOAT:
        x = to.cast(x, kind, DT_FLOAT)
    known = to.value(1)
    channels = to.size_of(to.operand(0), 3)
    before = [to.size_of(to.operand(0), axis) for axis in (1, 2)]
    after = [
        to.whole(known[place]) if known is not None else _element(to, to.operand(1), place, 3)
        for place in (0, 1)
    ]

    def product(x: Reference, place: int, sizes: list[Reference]) -> Reference:
        axis = _axis(to, count, place, before[place], after[place])
        matrix = to.folded(weights(to, count, axis))
        rows = to.reshape(x, to.pack([to.whole(-1), before[place]]), DT_FLOAT)
        return to.reshape(count("MatMul", rows, matrix), to.pack([to.whole(-1), *sizes]), DT_FLOAT)

    x = _transpose(to, x, [0, 1, 3, 2])
    x = product(x, 1, [before[0], channels, after[1]])
    x = product(_transpose(to, x, [0, 3, 2, 1]), 0, [after[1], channels, after[0]])
    return _transpose(to, x, [0, 3, 1, 2])


def _axis(to: Writer, count: Numbers, place: int, before: Reference, after: Reference) -> Axis:
    source, made = (count.floats(to.counted(size)) for size in (before, after))
    return Axis(place, before, after, to.expand(source, 1, DT_FLOAT), to.expand(made, 0, DT_FLOAT))


def _transpose(to: Writer, x: Reference, order: list[int]) -> Reference:
    made = to.add("Transpose", x, to.whole(order), kind=DT_FLOAT)
    to.made(made).attr["Tperm"].type = DT_INT32
    return made


def _element(to: Writer, vector: Reference, place: int, kind: int = DT_FLOAT) -> Reference:
    """One element of a vector, a scalar."""
    made = to.add("GatherV2", vector, to.whole(place), to.whole(0), kind=kind)
    node = to.made(made)
    del node.attr["T"]
    node.attr["Tparams"].type = kind
    node.attr["Tindices"].type = node.attr["Taxis"].type = DT_INT32
    return made


def _scale(to: Writer, count: Numbers, axis: Axis) -> Reference:
    """Pixels of the image for one of the result, as `align_corners` counts them."""
    before, after = count.floats(axis.before), count.floats(axis.after)
    plain = count("RealDiv", before, after)
    if not to.node.attr["align_corners"].b:
        return plain
    between = count("Maximum", count("Sub", after, 1.0), 1.0)
    corners = count("RealDiv", count("Sub", before, 1.0), between)
    return count("SelectV2", count("Greater", after, 1.0), corners, plain)


def _sum_of_one(to: Writer, count: Numbers, weights: Reference) -> Reference:
    """Each result's weights divided by their sum, where that is not 0."""
    total = to.total(weights, [0], DT_FLOAT)
    total = to.expand(total, 0, DT_FLOAT)
    least = 1000 * float(np.finfo(np.float32).tiny)
    enough = count("GreaterEqual", count("Abs", total), least)
    return count("RealDiv", weights, count.where(enough, total, 1.0))


def _cubic(count: Numbers, x: Reference, near: tuple[float, ...], far: tuple[float, ...]) -> str:
    """A polynomial up to 1, another up to 2, and 0 from there on; `x` is not below 0."""
    reached = count.where(count("Less", x, 2.0), count.polynomial(x, *far), 0.0)
    return count("SelectV2", count("Less", x, 1.0), count.polynomial(x, *near), reached)


def _bicubic(to: Writer, count: Numbers, axis: Axis) -> Reference:
    """Four pixels, weighted by a distance that TensorFlow rounds to 1/1024."""
    centred = bool(to.node.attr["half_pixel_centers"].b)
    a = -0.5 if centred else -0.75
    scale, place = _scale(to, count, axis), axis.made
    if centred:
        place = count("Sub", count("Mul", count("AddV2", place, 0.5), scale), 0.5)
    else:
        place = count("Mul", place, scale)
    first = count("Floor", place)
    steps = count("Round", count("Mul", count("Sub", place, first), 1024.0))
    beyond = count("Mul", steps, 1 / 1024)
    parts = []
    for tap in (-1, 0, 1, 2):
        distance = count("Abs", count("Sub", beyond, float(tap)))
        near, far = (a + 2, -a - 3, 0, 1), (a, -5 * a, 8 * a, -4 * a)
        weight = count.polynomial(distance, *(near if tap in (0, 1) else far))
        pixel = count("AddV2", first, float(tap)) if tap else first
        if not centred:  # the old form takes the outermost pixel for those outside
            last = count("Sub", count.floats(axis.before), 1.0)
            pixel = count("Minimum", count("Maximum", pixel, 0.0), last)
        here = count("Equal", axis.source, pixel)
        row = count("Mul", count("AddV2", count("ZerosLike", axis.source), 1.0), weight)
        parts.append(count.where(here, row, 0.0))
    total = parts[0]
    for part in parts[1:]:
        total = count("AddV2", total, part)
    return _sum_of_one(to, count, total) if centred else total


def _area(to: Writer, count: Numbers, axis: Axis) -> Reference:
    """How much of each pixel one of the result covers; the last one reaches on for ever."""
    scale = _scale(to, count, axis)
    begin = count("Mul", axis.made, scale)
    end = count("Mul", count("AddV2", axis.made, 1.0), scale)
    last = count("Sub", count.floats(axis.before), 1.0)
    beyond = count("AddV2", axis.source, 1.0)
    beyond = count.where(count("Less", axis.source, last), beyond, 1e9)
    covered = count("Sub", count("Minimum", beyond, end), count("Maximum", axis.source, begin))
    return count("RealDiv", count("Maximum", covered, 0.0), scale)


def _lanczos(radius: int) -> tuple[float, Callable[[Numbers, Reference], Reference]]:
    def kernel(count: Numbers, x: Reference) -> Reference:
        far = count.where(count("Greater", x, 1e-3), x, 1.0)
        waves = [count("Sin", count("Mul", far, float(np.pi / part))) for part in (1, radius)]
        value = count("Mul", count("Mul", waves[0], waves[1]), radius / np.pi**2)
        value = count("RealDiv", value, count("Mul", far, far))
        value = count.where(count("Greater", x, 1e-3), value, 1.0)
        return count.where(count("LessEqual", x, float(radius)), value, 0.0)

    return radius, kernel


def _gaussian(count: Numbers, x: Reference) -> Reference:
    value = count("Exp", count("Mul", count("Mul", x, x), -2.0))  # of radius 1.5, three sigmas
    return count.where(count("Less", x, 1.5), value, 0.0)


def _box(count: Numbers, x: Reference) -> Reference:
    edge = count.where(count("LessEqual", x, 0.5), count.polynomial(x, 0.0, 0.5), 0.0)
    return count("SelectV2", count("Less", x, 0.5), count.polynomial(x, 0.0, 1.0), edge)


_SAMPLING: dict[str, tuple[float, Callable[[Numbers, Reference], Reference]]] = {
    "box": (1.0, _box),
    "gaussian": (1.5, _gaussian),
    "keyscubic": (
        2.0, lambda n, x: _cubic(n, x, (1.5, -2.5, 0, 1), (-0.5, 2.5, -4, 2))
    ),
    "lanczos1": _lanczos(1),
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
    "mitchellcubic": (
        2.0, lambda n, x: _cubic(n, x, (7 / 6, -2, 0, 8 / 9), (-7 / 18, 2, -10 / 3, 16 / 9))
    ),
    "triangle": (1.0, lambda n, x: n("Maximum", n("Sub", 1.0, x), 0.0)),
}  # fmt: skip
"""The attribute kernel_type -> up to which distance a pixel counts, and how much there."""


def _scaled(to: Writer) -> Reference:
    _, kernel = _SAMPLING[to.node.attr["kernel_type"].s.decode()]
    antialias = bool(to.node.attr["antialias"].b)

    def weights(to: Writer, count: Numbers, axis: Axis) -> Reference:
        scale, moved = (_element(to, to.operand(place), axis.place) for place in (2, 3))
        inverse = count("Reciprocal", scale)
        place = count("Mul", count("AddV2", axis.made, 0.5), inverse)
        place = count("Sub", place, count("Mul", inverse, moved))
        distance = count("Abs", count("Sub", count("AddV2", axis.source, 0.5), place))
        if antialias:
            distance = count("RealDiv", distance, count("Maximum", inverse, 1.0))
        found = _sum_of_one(to, count, kernel(count, distance))
        size = count.floats(axis.before)
        within = count(
            "LogicalAnd", count("GreaterEqual", place, 0.0), count("LessEqual", place, size)
        )
        return count("Mul", found, to.cast(within, DT_BOOL, DT_FLOAT))

    return _resized(to, weights)


RESIZING: dict[str, Rule] = {
    "ResizeArea": lambda to: _resized(to, _area),
    "ResizeBicubic": lambda to: _resized(to, _bicubic),
    "ScaleAndTranslate": _scaled,
}
"""Operator -> its rule."""
