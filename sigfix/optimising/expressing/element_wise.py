"""Rules for operators that work element by element, and for other names of known ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sigfix.optimising.expressing.writing import Reference, Rule, Writer
from sigfix.optimising.graph.operator_kinds import DT_BOOL, DT_FLOAT, DT_INT32, ONE_TYPE


def _erfc(to: Writer) -> Reference:
    return to.add("Sub", to.number(1), to.add("Erf", to.operand(0)))


def _softsign(to: Writer) -> Reference:
    x = to.operand(0)
    return to.add("RealDiv", x, to.add("AddV2", to.add("Abs", x), to.number(1)))


def _renamed(op: str, *attributes: str) -> Rule:
    """The same operator by another name; other attributes than `attributes` and T are left out."""

    def rule(to: Writer) -> Reference:
        made = to.add(op, *[str(reference) for reference in to.node.input])
        for name in attributes:
            to.made(made).attr[name].CopyFrom(to.node.attr[name])
        return made

    return rule


def _batch_mat_mul_v3(to: Writer) -> Reference | None:
    kinds = {to.node.attr[name].type for name in ("Ta", "Tb", "Tout")}
    if len(kinds) > 1:
        return None
    made = to.add("BatchMatMulV2", to.operand(0), to.operand(1), kind=kinds.pop())
    for name in ("adj_x", "adj_y"):
        to.made(made).attr[name].b = to.node.attr[name].b
    return made


def _guarded(place: int, compute: Callable[[Writer, Reference, Reference], Reference]) -> Rule:
    """0 where the operand at `place` is 0, whatever else would come of it."""

    def rule(to: Writer) -> Reference:
        x, y = to.operand(0), to.operand(1)
        result = compute(to, x, y)
        zero = to.compare("Equal", to.operand(place), to.number(0))
        return to.select(zero, to.add("ZerosLike", result), result)

    return rule


def _l2_loss(to: Writer) -> Reference:
    flat = to.reshape(to.add("Square", to.operand(0)), [-1])
    return to.add("Mul", to.total(flat, [0]), to.number(0.5))


def _bucketize(to: Writer) -> Reference:
    """How many boundaries are not above a number; none is above NaN."""
    kind = to.data_type
    x = to.operand(0) if kind == DT_FLOAT else to.cast(to.operand(0), kind, DT_FLOAT)
    boundaries = to.constant(np.array(to.node.attr["boundaries"].list.f, np.float32))
    below = to.compare("Less", to.expand(x, -1, DT_FLOAT), boundaries, DT_FLOAT)
    reached = to.add("LogicalNot", below, kind=DT_BOOL)
    return to.total(to.cast(reached, DT_BOOL, DT_INT32), [-1], DT_INT32)


def _log_of_sum(to: Writer, x: Reference, y: Reference) -> Reference:
    return to.add("Mul", x, to.add("Log1p", y))


def _relu_grad(to: Writer) -> Reference:
    above = to.compare("Greater", to.operand(1), to.number(0))
    return to.add("Mul", to.operand(0), to.cast(above, DT_BOOL, to.data_type))


def _sigmoid_grad(to: Writer) -> Reference:
    y = to.operand(0)
    slope = to.add("Mul", y, to.add("Sub", to.number(1), y))
    return to.add("Mul", to.operand(1), slope)


def _tanh_grad(to: Writer) -> Reference:
    slope = to.add("Sub", to.number(1), to.add("Square", to.operand(0)))
    return to.add("Mul", to.operand(1), slope)


def _truth(to: Writer) -> Reference | None:
    """What is not 0: of a number TF.js's wasm backend (4.22) keeps the last byte, no fraction."""
    kind, wanted = (int(to.node.attr[name].type) for name in ("SrcT", "DstT"))
    if wanted != DT_BOOL or not any(kind in one for one in ONE_TYPE):
        return None
    return to.compare("NotEqual", to.operand(0), to.number(0, kind), kind)


def _truncate_mod(to: Writer) -> Reference:
    """What a division leaves, with the sign of what is divided: TF.js's Abs rounds large ones."""

    def size(x: Reference) -> tuple[Reference, Reference]:
        below = to.compare("Less", x, to.number(0))
        return below, to.select(below, to.add("Neg", x), x)

    (below, x), (_, y) = size(to.operand(0)), size(to.operand(1))
    left = to.add("FloorMod", x, y)
    return to.select(below, to.add("Neg", left), left)


ELEMENT_WISE: dict[str, Rule] = {
    "BatchMatMulV3": _batch_mat_mul_v3,
    "BiasAddV1": _renamed("AddV2"),
    "Bucketize": _bucketize,
    "Cast": _truth,
    "Erfc": _erfc,
    "Inv": _renamed("Reciprocal"),
    "L2Loss": _l2_loss,
    "MulNoNan": _guarded(1, lambda to, x, y: to.add("Mul", x, y)),
    "ReluGrad": _relu_grad,
    "Rint": _renamed("Round"),
    "SigmoidGrad": _sigmoid_grad,
    "Softsign": _softsign,
    "TanhGrad": _tanh_grad,
    "TruncateMod": _truncate_mod,
    "Xdivy": _guarded(0, lambda to, x, y: to.add("RealDiv", x, y)),
    "Xlog1py": _guarded(0, _log_of_sum),
    "Xlogy": _guarded(0, lambda to, x, y: to.add("Mul", x, to.add("Log", y))),
}
"""Operator -> its rule."""
